import MTACommands

/// The bundled server: what an adopter would write, no more.
@main struct ExampleServer: MailServerCommand {}
