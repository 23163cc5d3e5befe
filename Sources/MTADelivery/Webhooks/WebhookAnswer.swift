/// What came of a request to the endpoint.
package enum WebhookAnswer: Hashable, Sendable {
  /// 2xx: it has the event.
  case taken
  /// It does not want this event; others may go on.
  case refused(UInt)
  /// 410: it wants no events any more.
  case gone
  /// It could not answer, or said that it cannot now. After so many seconds it can, if it said so.
  case away(String, after: Int64?)

  /// The longest wait that an endpoint may ask for.
  static let mostSeconds: Int64 = 3600

  /// - Parameter retryAfter: the field of this name (RFC 9110 §10.2.3). A date is not read.
  init(status: UInt, retryAfter: String? = nil) {
    switch status {
    case 200..<300: self = .taken
    case 410: self = .gone
    // What these say is about this body.
    case 400, 409, 411, 413, 414, 415, 422: self = .refused(status)
    // A time-out, too many, a wrong path, its own failures. Redirections, too: who gets the events is for the settings to say.
    default: self = .away("answered \(status)", after: Self.seconds(retryAfter))
    }
  }

  private static func seconds(_ text: String?) -> Int64? {
    guard let text, (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
      return nil
    }
    return Int64(text).map { min($0, mostSeconds) }
  }
}
