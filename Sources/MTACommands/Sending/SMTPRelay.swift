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
      var ends = LineEnds()
      copy(STDIN_FILENO, socket.number) { ends.made($0) }
      shutdown(socket.number, Int32(SHUT_WR))
    }
    copy(socket.number, STDOUT_FILENO) { $0 }
  }

  private static func copy(_ source: Int32, _ target: Int32, _ change: ([UInt8]) -> [UInt8]) {
    while let piece = LocalFile.piece(of: source), !piece.isEmpty, LocalFile.write(change(piece), to: target) {}
  }
}

/// Gives the lines of a program that ends them by LF alone the ends of SMTP. Its first line tells: of a program that speaks CR LF nothing is
/// changed, for there a lone LF is no end (RFC 5321 §2.3.8).
struct LineEnds {
  private var endsByFeed: Bool?
  private var last: UInt8 = 0

  mutating func made(_ piece: [UInt8]) -> [UInt8] {
    if endsByFeed == nil, let feed = piece.firstIndex(of: 10) {
      endsByFeed = (feed > 0 ? piece[feed - 1] : last) != 13
    }
    defer { last = piece.last ?? last }
    guard endsByFeed == true else { return piece }
    var (result, before): ([UInt8], UInt8) = ([], last)
    result.reserveCapacity(piece.count + piece.count / 16)
    for octet in piece {
      if octet == 10, before != 13 { result.append(13) }
      result.append(octet)
      before = octet
    }
    return result
  }
}
