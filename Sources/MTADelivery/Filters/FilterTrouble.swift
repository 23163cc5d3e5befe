import MTACore

/// Why a filter's server could not be asked.
enum FilterTrouble: Error, Hashable, Sendable {
  /// The host has no address, or the DNS could not tell it.
  case noAddress
  /// No connection; the system's reason.
  case connect(String)
  /// The server hung up before its answer was complete.
  case lost
  case timedOut
  /// All checks that may run at a time were under way for as long as a mail may wait.
  case busy
  /// The server says that it cannot judge the mail; its words.
  case refused(String)
  /// The answer is none of the protocol's.
  case malformed(String)
  /// The answer does not end.
  case tooLong
  /// Our own store did not give the content.
  case content(String)
  /// We are to end.
  case cancelled

  /// Whether it says nothing about the server: the mail is to be tried again, whatever the filter's owner chose.
  var isOurs: Bool {
    switch self {
    case .content, .cancelled: true
    default: false
    }
  }

  /// For the mail's readers: without what the server said and where it is.
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
