/// Judges a mail before its local delivery: asked once for all local recipients of an attempt, and again at the next
/// attempt if this one deferred.
///
/// ``SpamAssassinFilter`` and ``RspamdFilter`` ask servers; one of your own needs nothing but this:
///
/// ```swift
/// struct NoPostcards: ContentFilter {
///   func judge(_ mail: FilteredMail) async -> FilterVerdict {
///     mail.size < 100 ? .reject("too short to be a letter") : .pass
///   }
/// }
/// ```
public protocol ContentFilter: Sendable {
  /// Never throws, and answers in bounded time: what cannot be judged is passed or deferred, as the filter's owner chose.
  /// When its task is cancelled it should answer ``FilterVerdict/defer(_:)`` at once.
  func judge(_ mail: FilteredMail) async -> FilterVerdict
}
