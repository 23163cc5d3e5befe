import MTACore

/// Why a filter's server could not be asked.
enum FilterTrouble: Error, Hashable, Sendable {
  /// The host has no address, or the DNS could not return it.
  case noAddress
  /// No connection could be made; the system's reason.
  case connect(String)
  /// The server hung up before its answer was complete.
  case lost
  case timedOut
  /// All slots for checks were taken for as long as a mail may wait.
  case busy
  /// The server says that it cannot judge the mail; its words.
  case refused(String)
  /// The answer does not follow the protocol.
  case malformed(String)
  /// The answer is too long.
  case tooLong
  /// Our own store did not return the content.
  case content(String)
  /// The runner ends.
  case cancelled

  /// Whether the trouble is ours, not the server's. Then the mail is tried again, whatever the options say.
  var isOurs: Bool {
    switch self {
    case .content, .cancelled: true
    default: false
    }
  }

  /// For the mail's readers: without the server's words and address.
  var summary: String {
    switch self {
    case .noAddress, .connect: "the filter cannot be reached"
    case .lost: "the filter hung up"
    case .timedOut: "the filter did not answer in time"
    case .busy: "the filter is busy"
    case .refused: "the filter failed"
    case .malformed, .tooLong: "the filter's answer makes no sense"
    case .content: "the content cannot be read"
    case .cancelled: "the check was cut short"
    }
  }
}

extension FilterTrouble: CustomStringConvertible {
  /// For the log.
  var description: String {
    switch self {
    case .connect(let reason), .refused(let reason), .malformed(let reason), .content(let reason):
      FilterText.line("\(summary): \(reason)", limit: 300)
    case .noAddress: "\(summary): its host has no address"
    case .tooLong: "\(summary): it does not end"
    case .lost, .timedOut, .busy, .cancelled: summary
    }
  }
}
