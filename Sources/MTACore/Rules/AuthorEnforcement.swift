/// Whose name a user who logged in may write in: what is asked of the author, which is the newest Resent-From, or else From.
///
/// Clients of `trustedNetworks` at the internal port may use every name.
public enum AuthorEnforcement: String, Hashable, Sendable, CaseIterable {
  /// Anybody's.
  case off
  /// Their own, and those of foreign domains: redirects, secretaries, and programs that write for customers need them. A domain is ours
  /// that ``SessionConfiguration/localDomains`` or ``SessionConfiguration/signingDomains`` has, or of which `clientLookup` knows the
  /// author.
  case local
  /// Their own alone.
  case all
}
