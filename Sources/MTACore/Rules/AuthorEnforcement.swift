/// In whose name a user who logged in may write. The author counts: the newest Resent-From, or else From.
///
/// Clients of `trustedNetworks` at the internal port may use every name.
public enum AuthorEnforcement: String, Hashable, Sendable, CaseIterable {
  /// In any name.
  case off
  /// In their own name, and in those of foreign domains: redirects, secretaries, and programs that write for customers need these. A
  /// domain is ours if ``SessionConfiguration/localDomains`` or ``SessionConfiguration/signingDomains`` has it, or if `clientLookup`
  /// knows the author.
  case local
  /// In their own name alone.
  case all
}
