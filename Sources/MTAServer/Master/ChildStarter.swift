import MTACore
import MTASystem

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

  func start(
    _ role: ProcessRole, _ place: Int, of generation: Generation, link: OwnedDescriptor?, lock: OwnedDescriptor?
  ) throws(StartFailure) -> Child {
    guard let (ours, theirs) = MessageSocket.pair(), let log = Pipe(), let errors = Pipe() else {
      throw StartFailure("no process can be started: \(String(cString: strerror(errno)))")
    }
    var descriptors = ["control": theirs.number, "log": log.write.number]
    descriptors["link"] = link?.number
    descriptors["lock"] = lock?.number
    if role == .receiver {
      for (number, socket) in generation.sockets.enumerated() {
        let listener = generation.settings.listeningPorts.firstIndex(of: socket.place) ?? 0
        descriptors["listen:\(listener):\(number)"] = socket.descriptor.number
      }
    }
    let nowhere = hidesOutput ? OwnedDescriptor(open("/dev/null", O_WRONLY | O_CLOEXEC)) : nil
    let process: LaunchedProcess
    do throws(LaunchFailure) {
      process = try .spawn(
        generation.order(for: role), output: nowhere?.number ?? STDOUT_FILENO, complaints: errors.write.number,
        descriptors: descriptors)
    } catch { throw StartFailure("no process can be started: \(error)") }
    // Numbers alone would not keep them open until here.
    withExtendedLifetime((theirs, log, errors, nowhere, link, lock, generation)) {}
    let name = "\(role)[\(process.id)]"
    LogRelay { [logs] in logs.relay($0, from: name) }.read(log.read)
    LogRelay { [logs] line in
      // What a process says at its very end stands in the log, and where an operator looks who has none.
      logs.relay(Array("3[error] standard error: ".utf8) + line, from: name)
      if !logs.isStandardError { Self.complain(name, line) }
    }.read(errors.read)
    return Child(role, generation: generation.number, place: place, process: process, control: MessageSocket(ours))
  }

  private static func complain(_ name: String, _ line: ArraySlice<UInt8>) {
    var text = name + ": "
    text.append(escaping: String(decoding: line, as: UTF8.self))
    let bytes = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }

  /// What is written does not wait for a reader.
  private struct Pipe {
    let read: OwnedDescriptor
    let write: OwnedDescriptor

    init?() {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { return nil }
      read = OwnedDescriptor(ends[0])
      write = OwnedDescriptor(ends[1])
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      _ = fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK)
    }
  }
}
