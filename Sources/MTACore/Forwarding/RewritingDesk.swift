/// Rewrites senders, and finds the originals, where the secret for it is: in another process.
///
/// Both throw when it cannot be asked now. The client is then told to try later.
package protocol RewritingDesk: Sendable {
  /// As ``ReversePathRewriter/rewrite(_:at:)``.
  func rewrite(_ sender: Mailbox, at now: Timestamp) async throws -> Mailbox?
  /// As ``ReversePathRewriter/restore(_:at:)``.
  func restore(_ recipient: Mailbox, at now: Timestamp) async throws -> Restoration
}
