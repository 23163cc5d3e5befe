/// What a server that only receives must say: who its clients are. This is the one method without a default.
///
/// ```swift
/// struct Inboxes {
///   let names: Set<Mailbox>
/// }
///
/// extension Inboxes: InboundHooks {
///   func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
///     names.contains(mailbox.caseFolded) ? ClientRecord(mailboxID: mailbox.caseFolded.description) : nil
///   }
/// }
/// ```
///
/// With these hooks alone no user can log in: EHLO never says AUTH, and the command is answered 502. For users who log in, conform to
/// ``ReceiverHooks``.
///
/// A factory makes one value for each connection. So plain `var`s hold the connection's state, without locks. Structs, classes and
/// actors can conform.
public protocol InboundHooks: ReceiverPolicy {
  /// Who is behind an address. Asked for senders and recipients. Nil for a stranger. The answer for a recipient is stored with its
  /// parcel.
  ///
  /// The mailbox has the spelling that came. All spellings are equal as values. In tables of text use the `description` of
  /// ``Mailbox/caseFolded``, whose domain is ASCII: `bob@xn--bcher-kva.example`.
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord?
}

extension InboundHooks {
  /// Whether somebody can log in: the hooks are ``ReceiverHooks`` too, be it behind policies.
  package static var canLogIn: Bool { self is any ReceiverHooks.Type }

  /// Asks the half of the hooks that knows who logs in; nil where there is none.
  mutating func asked<Answer>(_ body: (inout any ReceiverHooks) async throws -> Answer) async throws -> Answer? {
    guard var hooks = self as? any ReceiverHooks else { return nil }
    // Hooks may be values: what the call changed in them is theirs to keep.
    defer { if let changed = hooks as? Self { self = changed } }
    return try await body(&hooks)
  }
}
