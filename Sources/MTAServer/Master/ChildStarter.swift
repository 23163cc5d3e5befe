import MTACore
import MTASystem
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Starts children: this program again, with the rights and descriptors of its role.
struct ChildStarter: ChildStarting {
  let logs: Logs
  /// Standard output of children goes nowhere: the server is about to leave its terminal.
  let hidesOutput: Bool
  /// Whose write end the master alone holds: it ends with the master.
  let life: ChildPipe
  /// Children get pages to count in.
  var givesPages = false
  /// The socket of `submitSocket`.
  var submission: NamedSocket?
  /// That of `controlSocket`.
  var control: ControlSocket?
  /// Of all relays.
  let gate = NIOLock()

  func start(
    _ role: ProcessRole, _ place: Int, of generation: Generation, link: OwnedDescriptor?, lock: OwnedDescriptor?
  ) throws(StartFailure) -> Child {
    guard let (ours, theirs) = MessageSocket.pair(), let log = ChildPipe(), let errors = ChildPipe() else {
      throw StartFailure("no process can be started: \(String(cString: strerror(errno)))")
    }
    var descriptors = ["control": theirs.number, "log": log.write.number]
    descriptors["link"] = link?.number
    descriptors["lock"] = lock?.number
    // For its sessions, which may outlive it.
    if role == .acceptor { descriptors["life"] = life.read.number }
    let page = givesPages ? MeterPage.shared() : nil
    descriptors["metrics"] = page?.descriptor?.number
    let http = role == .web ? generation.http?.descriptor : nil
    descriptors["http"] = http?.number
    if role == .queue {
      descriptors["submit"] = submission?.descriptor.number
      if let (name, number) = control?.descriptor { descriptors[name] = number }
    }
    if role == .receiver || role == .acceptor {
      for (number, socket) in generation.sockets.enumerated() {
        let listener = generation.settings.listeningPorts.firstIndex(of: socket.place) ?? 0
        descriptors["listen:\(listener):\(number)"] = socket.descriptor.number
      }
    }
    let nowhere = hidesOutput ? OwnedDescriptor(open("/dev/null", O_WRONLY | O_CLOEXEC)) : nil
    let process: LaunchedProcess
    do throws(LaunchFailure) {
      process = try .spawn(
        generation.order(for: role), arguments: Self.arguments(of: role.description),
        output: nowhere?.number ?? STDOUT_FILENO, complaints: errors.write.number,
        descriptors: descriptors)
    } catch { throw StartFailure("no process can be started: \(error)") }
    // Numbers alone would not keep them open until here.
    withExtendedLifetime((theirs, log, errors, nowhere, link, lock, generation, http)) {}
    let pipes = Child.Pipes(log: log.read, errors: errors.read)
    relay(pipes, of: role, process.id)
    let desk = role == .queue ? QuestionDesk(door: generation.settings.maildrop.map { DropDoor(folder: $0) }) : nil
    return Child(
      role, generation: generation.number, place: place, process: process, control: MessageSocket(ours), pipes: pipes,
      page: page, desk: desk)
  }

  /// A child that the program before this one started. Nil if the system gives no thread for it.
  func known(_ process: Handover.Process) -> Child? {
    guard let running = LaunchedProcess.known(process.id) else { return nil }
    let pipes = Child.Pipes(log: OwnedDescriptor(process.log), errors: OwnedDescriptor(process.errors))
    relay(pipes, of: process.role, process.id)
    return Child(
      process.role, generation: process.generation, place: process.place, process: running,
      control: MessageSocket(OwnedDescriptor(process.control)), pipes: pipes,
      page: process.page.flatMap { MeterPage.given(OwnedDescriptor($0)) })
  }

  private func relay(_ pipes: Child.Pipes, of role: ProcessRole, _ id: Int32) {
    let name = "\(role)[\(id)]"
    LogRelay(gate: gate) { [logs] in logs.relay($0, from: name) }.read(pipes.log)
    LogRelay(gate: gate) { [logs] line in
      // What a process says at its very end stands in the log, and where an operator looks who has none.
      logs.relay(Array("3[error] standard error: ".utf8) + line, from: name)
      if !logs.isStandardError { Self.complain(name, line) }
    }.read(pipes.errors)
  }

  /// This program's, with the role behind its name: for `ps`.
  static func arguments(of role: String) -> [String] {
    var arguments = CommandLine.arguments
    guard let name = arguments.first else { return [] }
    // An acceptor has its own role there.
    let own = " (\(ProcessRole.current))"
    arguments[0] = (name.hasSuffix(own) ? String(name.dropLast(own.count)) : name) + " (\(role))"
    return arguments
  }

  private static func complain(_ name: String, _ line: ArraySlice<UInt8>) {
    var text = name + ": "
    text.append(escaping: String(decoding: line, as: UTF8.self))
    let bytes = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
