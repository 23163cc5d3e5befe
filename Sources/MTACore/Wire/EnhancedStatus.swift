/// The subject and detail of an enhanced mail system status code (RFC 3463). The class is not stored: the reply code determines it, so
/// the two cannot contradict each other.
public struct EnhancedStatus: Hashable, Sendable {
  public let subject: UInt16
  public let detail: UInt16

  public init(_ subject: UInt16, _ detail: UInt16) {
    self.subject = subject
    self.detail = detail
  }

  /// Other or undefined (x.0.0).
  public static let other = Self(0, 0)
  /// Bad destination mailbox address (x.1.1).
  public static let noSuchMailbox = Self(1, 1)
  /// Bad destination system address (x.1.2).
  public static let noSuchDomain = Self(1, 2)
  /// Bad destination mailbox address syntax (x.1.3).
  package static let badRecipientSyntax = Self(1, 3)
  /// Destination address valid (x.1.5).
  package static let recipientValid = Self(1, 5)
  /// Bad sender's mailbox address syntax (x.1.7).
  package static let badSenderSyntax = Self(1, 7)
  /// Other address status (x.1.0).
  public static let otherAddress = Self(1, 0)
  /// Recipient address has null MX (x.1.10, RFC 7505).
  package static let nullMX = Self(1, 10)
  /// Other or undefined mail system status (x.3.0).
  public static let system = Self(3, 0)
  /// Other or undefined mailbox status (x.2.0).
  public static let mailbox = Self(2, 0)
  /// Mail system full (x.3.1).
  public static let systemFull = Self(3, 1)
  /// Mailbox full (x.2.2).
  public static let mailboxFull = Self(2, 2)
  /// System not capable of selected features (x.3.3).
  public static let featureNotSupported = Self(3, 3)
  /// System not accepting network messages (x.3.2).
  public static let notAccepting = Self(3, 2)
  /// Message too big for system (x.3.4).
  public static let tooBig = Self(3, 4)
  /// System incorrectly configured (x.3.5).
  package static let misconfigured = Self(3, 5)
  /// No answer from host (x.4.1).
  package static let noAnswer = Self(4, 1)
  /// Bad connection, here: time-out (x.4.2).
  package static let badConnection = Self(4, 2)
  /// Directory server failure, here: DNS (x.4.3).
  package static let directoryFailure = Self(4, 3)
  /// Routing loop detected (x.4.6).
  package static let loop = Self(4, 6)
  /// Delivery time expired (x.4.7).
  package static let expired = Self(4, 7)
  /// Other or undefined protocol status (x.5.0).
  package static let invalidProtocol = Self(5, 0)
  /// Invalid command (x.5.1).
  package static let invalidCommand = Self(5, 1)
  /// Syntax error (x.5.2).
  package static let syntax = Self(5, 2)
  /// Too many recipients (x.5.3).
  public static let tooManyRecipients = Self(5, 3)
  /// Invalid command arguments (x.5.4).
  package static let invalidArguments = Self(5, 4)
  /// Authentication exchange line is too long (x.5.6).
  package static let authLineTooLong = Self(5, 6)
  /// Other or undefined media error (x.6.0).
  public static let media = Self(6, 0)
  /// Media not supported (x.6.1).
  package static let mediaNotSupported = Self(6, 1)
  /// Conversion required but not supported (x.6.3).
  package static let conversionNotSupported = Self(6, 3)
  /// Non-ASCII addresses not permitted for that sender or recipient (x.6.7).
  package static let internationalAddress = Self(6, 7)
  /// Other or undefined security status (x.7.0).
  public static let security = Self(7, 0)
  /// Delivery not authorized, message refused (x.7.1).
  public static let policy = Self(7, 1)
  /// Security features not supported (x.7.4).
  package static let securityFeatures = Self(7, 4)
  /// Cryptographic failure (x.7.5).
  package static let cryptographicFailure = Self(7, 5)
  /// Authentication credentials invalid (x.7.8).
  public static let badCredentials = Self(7, 8)
  /// Encryption needed (x.7.10).
  public static let encryptionNeeded = Self(7, 10)
  /// REQUIRETLS support required (x.7.30, RFC 8689).
  package static let requireTLSNeeded = Self(7, 30)
  /// Encryption required for requested authentication mechanism (x.7.11).
  package static let encryptionRequired = Self(7, 11)
}
