import MTACore

extension Bench {
  /// Lines into commands.
  static func commands(_ harness: inout Harness) async throws {
    let parser = CommandParser(capabilities: .all)
    for (name, line) in [
      ("NOOP", "NOOP"), ("EHLO", "EHLO mail.client.example"),
      ("MAIL, two parameters", "MAIL FROM:<ann.author@client.example> SIZE=10240 BODY=8BITMIME"),
      ("RCPT", "RCPT TO:<somebody.with.a.name@somewhere.example>"),
    ] {
      let bytes = Array(line.utf8)
      try await harness.measure("CommandParser: \(name)", .nanoseconds) { turns in
        for _ in 0..<turns { keep(try parser.parse(bytes)) }
      }
    }
  }
}
