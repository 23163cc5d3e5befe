import MTACore
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Asks a running server at its control socket. It blocks.
struct ControlClient: ~Copyable {
  private let socket: OwnedDescriptor
  private var input: [UInt8] = []

  /// A server's line is never longer.
  private static let maximumLine = 16_384

  enum Step {
    case line(ArraySlice<UInt8>)
    /// The server, or the connection, ended.
    case ended
    /// The time is over.
    case late
  }

  /// - Throws: ``StartFailure``, naming the setting.
  init(_ settings: Settings) throws(StartFailure) {
    guard let path = settings.controlPath else {
      throw StartFailure("controlSocket: is none, so a running server cannot be asked", .switchedOff)
    }
    switch NamedSocket.connect(to: path) {
    case .success(let socket):
      guard MailServer.isServer(socket, settings) else {
        throw StartFailure("controlSocket: another user than the server's listens at \(path)", .noServer)
      }
      self.socket = socket
    case .failure(let failure):
      if failure.code == EACCES || failure.code == EPERM {
        throw StartFailure("controlSocket: this user may not connect to \(path)", .noPermission)
      }
      throw StartFailure(
        "controlSocket: no server answers at \(path): \(FileFailure.text(of: failure.code))", .noServer)
    }
  }

  /// Asks, and returns the first line of the answer.
  ///
  /// - Throws: ``StartFailure`` where the server refuses, or says nothing.
  mutating func ask(_ request: ControlRequest) throws(StartFailure) -> ArraySlice<UInt8> {
    var rest = (request.bytes + [10])[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { quietSend(socket.number, $0.baseAddress, $0.count) }
      if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { break }
    }
    // A server that turned us away said why, and may have read nothing.
    switch next(until: MonotonicInstant.now.after(milliseconds: 15_000)) {
    case .line(let line):
      let fields = EventFields(Array(line))
      guard let error = fields["error"] else { return line }
      let words = fields["words"] ?? error
      switch ControlRefusal.Kind(rawValue: error) {
      case .denied?: throw StartFailure("controlSocket: \(words)", .noPermission)
      case .busy?: throw StartFailure("controlSocket: \(words); try again later", .held)
      default: throw StartFailure("controlSocket: the server refused: \(words)", .noServer)
      }
    case .ended, .late: throw StartFailure("controlSocket: the server does not answer", .noServer)
    }
  }

  mutating func next(until end: MonotonicInstant?) -> Step {
    while true {
      if let place = input.firstIndex(of: 10) {
        let line = input[..<place]
        input.removeFirst(place + 1)
        return .line(line)
      }
      guard input.count < Self.maximumLine else { return .ended }
      if let end, !isReady(until: end) { return .late }
      var piece = [UInt8](repeating: 0, count: 16_384)
      let count = piece.withUnsafeMutableBytes { recv(socket.number, $0.baseAddress, $0.count, 0) }
      if count > 0 {
        input.append(contentsOf: piece.prefix(count))
      } else if count == 0 || errno != EINTR {
        return .ended
      }
    }
  }

  private func isReady(until end: MonotonicInstant) -> Bool {
    while true {
      let rest = (end.nanoseconds &- MonotonicInstant.now.nanoseconds) / 1_000_000
      guard rest > 0 else { return false }
      var waiting = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
      if poll(&waiting, 1, Int32(clamping: rest)) > 0 { return true }
    }
  }
}

extension MailServer {
  /// What the server that runs with these settings says of itself. It blocks.
  ///
  /// - Throws: ``StartFailure``, naming the setting.
  package static func status(_ settings: Settings) throws(StartFailure) -> ControlStatus {
    var client = try ControlClient(settings)
    guard let status = ControlStatus(try client.ask(.status)) else {
      throw StartFailure("controlSocket: the server's answer cannot be read", .noServer)
    }
    return status
  }

  /// How it ended to follow dialogues.
  package enum TraceEnd: Sendable {
    /// The time is over, or `body` has enough.
    case enough
    case serverStopped
  }

  /// Follows the dialogues of the server that runs with these settings. It blocks. Where another process of the server takes over, it asks
  /// that one.
  ///
  /// - Parameters:
  ///   - time: for so long; nil: without end.
  ///   - body: is given what the server says; false: it has enough.
  /// - Throws: ``StartFailure``, naming the setting, and what `body` throws.
  package static func trace(
    _ settings: Settings, _ choice: TraceChoice, for time: Duration? = nil, began: () -> Void = {},
    _ body: (TraceMessage) throws -> Bool
  ) throws -> TraceEnd {
    let end = time.map { MonotonicInstant.now.after(milliseconds: $0.wholeMilliseconds) }
    var client = try ControlClient(settings)
    _ = try client.ask(.trace(choice))
    began()
    while true {
      switch client.next(until: end) {
      case .late: return .enough
      case .line(let line):
        guard let message = TraceMessage(line) else { continue }
        if case .end(.stopping) = message { return .serverStopped }
        if case .end = message { continue }
        if try !body(message) { return .enough }
      case .ended:
        guard let another = try again(settings, choice, until: end) else { return .enough }
        client = another
      }
    }
  }

  /// Nil: the time is over.
  private static func again(
    _ settings: Settings, _ choice: TraceChoice, until end: MonotonicInstant?
  ) throws(StartFailure) -> ControlClient? {
    let patience = MonotonicInstant.now.after(milliseconds: 10_000)
    while true {
      if let end, end <= .now { return nil }
      do throws(StartFailure) {
        var client = try ControlClient(settings)
        _ = try client.ask(.trace(choice))
        return client
      } catch {
        guard error.kind == .noServer, MonotonicInstant.now < patience else { throw error }
      }
      usleep(200_000)
    }
  }
}
