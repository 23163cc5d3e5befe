import ArgumentParser
import MTAServer
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `send -bs`: what is said on standard input and output is the session of a server, or, without one, of this process.
struct SMTPRelay<Program: MailServerCommand> {
  let settings: Settings?

  func run() async throws {
    switch MailServer.submissionWay(settings) {
    case .server(let socket): StandardStreams.relay(socket)
    case .queue:
      guard let settings else { throw Self.noServer }
      try await explained {
        try await MailServer.withSubmission(settings, try Program.parts(settings)) { StandardStreams.relay($0) }
      }
    // There is nobody who could answer for the queue.
    case .folder, nil: throw Self.noServer
    }
  }

  private static var noServer: ExitCode {
    Output.bytes(Array("421 4.3.2 no server answers, try again later\r\n".utf8))
    return .tryAgain
  }

}

/// Standard input and output, joined to a socket.
enum StandardStreams {
  /// Returns when the other end has ended.
  static func relay(_ socket: OwnedDescriptor) {
    startThread {
      copy(STDIN_FILENO, socket.number)
      shutdown(socket.number, Int32(SHUT_WR))
    }
    copy(socket.number, STDOUT_FILENO)
  }

  private static func copy(_ source: Int32, _ target: Int32) {
    while let piece = LocalFile.piece(of: source), !piece.isEmpty, LocalFile.write(piece, to: target) {}
  }
}
