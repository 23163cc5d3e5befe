/// Judges a mail before its local delivery. It is asked once for all local recipients of an attempt. If it defers, it is asked again at
/// the next attempt.
///
/// ``SpamAssassinFilter`` and ``RspamdFilter`` ask servers. A filter of your own is one method:
///
/// ```swift
/// struct NoPostcards: ContentFilter {
///   func judge(_ mail: FilteredMail) async -> FilterVerdict {
///     mail.size < 100 ? .reject("too short to be a letter") : .pass
///   }
/// }
/// ```
public protocol ContentFilter: Sendable {
  /// Does not throw, and answers in limited time. A mail that cannot be judged is passed or deferred, as the options say. When its task
  /// is cancelled, it should answer ``FilterVerdict/defer(_:)`` at once.
  func judge(_ mail: FilteredMail) async -> FilterVerdict
}
