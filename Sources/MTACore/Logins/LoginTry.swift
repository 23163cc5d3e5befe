/// One try to log in, on its way through the ``LoginLedger``.
package struct LoginTry: Hashable, Sendable {
  package enum Standing: Hashable, Sendable {
    case asked
    /// In its address's queue.
    case waiting
    /// It counts as under way until it is accepted, refused, or left.
    case checking
  }

  package let number: UInt64
  package let address: IPAddress
  /// Nil where no name is known: then the address alone counts.
  package let account: LoginAccount?
  /// Somebody logged in to the account from this network.
  package let isFromKnownNetwork: Bool
  /// An operator suspended the account: whatever the credentials, they count as wrong.
  package var isSuspended = false
  package let askedAt: Timestamp
  package internal(set) var standing = Standing.asked
  package internal(set) var startedAt: Timestamp
  /// It is the one that is checked in its minute though its account has too many refusals.
  var isDrawn = false

  /// A try that the desk of another process numbered, and counts.
  package init(
    number: UInt64, address: IPAddress, account: LoginAccount?, isFromKnownNetwork: Bool, standing: Standing = .asked
  ) {
    let unknown = Timestamp(milliseconds: 0)
    self.init(
      number: number, address: address, account: account, isFromKnownNetwork: isFromKnownNetwork, askedAt: unknown,
      startedAt: unknown)
    self.standing = standing
  }

  init(
    number: UInt64, address: IPAddress, account: LoginAccount?, isFromKnownNetwork: Bool, askedAt: Timestamp,
    startedAt: Timestamp
  ) {
    self.number = number
    self.address = address
    self.account = account
    self.isFromKnownNetwork = isFromKnownNetwork
    self.askedAt = askedAt
    self.startedAt = startedAt
  }

  /// Of the networks of IPv6 that count as one address.
  var prefixLength = ContactKey.prefixLength
  /// What counts as one address: an IPv4 address, a network of IPv6.
  var network: ContactKey { ContactKey(address, prefixLength: prefixLength) }

  /// The /48 around an IPv6 address.
  var site: Network? {
    if case .v6 = address { Network(address, prefixLength: 48) } else { nil }
  }
}
