public import NIOCore

/// The purpose of a receiver's port (R7).
public enum PortRole: String, Hashable, Sendable {
  /// Mail from other servers, port 25.
  case standard
  /// Mail from trusted hosts of our own.
  case internalSubmit
  /// Mail from members, authenticated and encrypted, port 587.
  case submission
}

/// The facts of a connection, fixed when it is accepted.
public struct ConnectionFacts: Hashable, Sendable {
  /// The client's address; loopback for a Unix socket.
  public var remoteAddress: IPAddress
  public var remotePort: UInt16
  public var localPort: UInt16
  public var role: PortRole
  /// The client came to the internal port from one of `trustedNetworks`, so it may relay (R12).
  public var isTrusted: Bool
  /// The client is a front end of ours, and may name its own client by XCLIENT.
  public var mayUseXCLIENT: Bool
  /// The port speaks LMTP (RFC 2033), as ``SessionConfiguration/speaksLMTP`` says.
  public internal(set) var speaksLMTP = false
  /// The client is one of our own proxies or front ends and speaks for itself, as its health checks do. It is always greeted, never
  /// counted and never locked out. Once it names its client, that client counts.
  public var isFrontEnd: Bool
  /// The server's address that the client connected to; nil for a Unix socket.
  public var localAddress: IPAddress?
  /// The user of this machine who hands in mail, at the socket of the settings or by the drop folder. Nil for all other clients.
  public var localUser: LocalUser?

  public init(
    remoteAddress: IPAddress, remotePort: UInt16 = 0, localPort: UInt16 = 0, role: PortRole = .standard,
    isTrusted: Bool = false,
    mayUseXCLIENT: Bool = false, isFrontEnd: Bool = false, localAddress: IPAddress? = nil
  ) {
    self.remoteAddress = remoteAddress
    self.remotePort = remotePort
    self.localPort = localPort
    self.role = role
    self.isTrusted = isTrusted
    self.mayUseXCLIENT = mayUseXCLIENT
    self.isFrontEnd = isFrontEnd
    self.localAddress = localAddress
  }
}

/// The encryption of a session.
public struct Encryption: Hashable, Sendable {
  /// `TLSv1.3`.
  public var version: String
  /// `TLS_AES_256_GCM_SHA384`.
  public var cipher: String
  /// Secret bits of the cipher.
  public var bits: Int
  /// The name that the client asked for (SNI).
  public var serverName: String?
  /// The data that tie a login to this session (RFC 5056).
  public var channelBindings: ChannelBindings
  /// The client's certificate. Nil if it sent none, or the server does not ask for one.
  public var peerCertificate: PeerCertificate?

  /// A client's certificate. The client has its key, but its content is not verified. So compare the digest with those that you know,
  /// and do not trust the subject.
  public struct PeerCertificate: Hashable, Sendable {
    /// The distinguished name as RFC 2253 writes it, at most 512 octets without control characters.
    public var subject: String
    /// SHA-256 of the certificate: 32 octets.
    public var sha256: [UInt8]

    public init(subject: String, sha256: [UInt8]) {
      self.subject = subject
      self.sha256 = sha256
    }
  }

  public init(
    version: String, cipher: String, bits: Int, serverName: String? = nil,
    channelBindings: ChannelBindings = ChannelBindings(), peerCertificate: PeerCertificate? = nil
  ) {
    self.version = version
    self.cipher = cipher
    self.bits = bits
    self.serverName = serverName
    self.channelBindings = channelBindings
    self.peerCertificate = peerCertificate
  }
}

/// Data that only the two ends of a TLS session know, by type; nil if there is none of that type.
public struct ChannelBindings: Hashable, Sendable {
  /// `tls-exporter` (RFC 9266): 32 octets of this session.
  public var tlsExporter: [UInt8]?
  /// `tls-server-end-point` (RFC 5929 §4): the digest of the server's certificate.
  public var tlsServerEndPoint: [UInt8]?

  public init(tlsExporter: [UInt8]? = nil, tlsServerEndPoint: [UInt8]? = nil) {
    self.tlsExporter = tlsExporter
    self.tlsServerEndPoint = tlsServerEndPoint
  }

  public var isEmpty: Bool { tlsExporter == nil && tlsServerEndPoint == nil }

  /// The data of a type, by its registered name.
  public subscript(type: String) -> [UInt8]? {
    switch type {
    case "tls-exporter": tlsExporter
    case "tls-server-end-point": tlsServerEndPoint
    default: nil
    }
  }
}

/// Everything a hook may know of the session and of the mail that is coming in. A hook can read all of it. It can change
/// ``attributes``, call ``addHeaderField(_:_:)`` and call ``countViolation()``. Its changes count only if it did not throw.
public struct Conversation: Hashable, Sendable {
  public internal(set) var connection: ConnectionFacts
  /// The client's name in EHLO or HELO, in its canonical form. Nil before, and when the client gave none. ``Domain/other(_:)`` for text
  /// that is neither a name nor an address.
  public internal(set) var clientName: Domain?
  /// The client said EHLO, not HELO.
  public internal(set) var isExtended = false
  /// Nil while the session is in clear.
  public internal(set) var encryption: Encryption?
  /// The login: the name that the client gave, and the answer of the `auth` hook.
  public internal(set) var login: Login?
  /// The sender of the mail in progress; nil outside of a transaction.
  public internal(set) var reversePath: ReversePath?
  /// What `clientLookup` knows of the sender.
  public internal(set) var senderClient: ClientRecord?
  public internal(set) var parameters = MailParameters()
  /// The accepted recipients of the mail in progress.
  public internal(set) var recipients: [EnvelopeRecipient] = []
  /// The id of the mail in progress, from DATA on.
  public internal(set) var mailID: MailID?
  /// The header section of the mail in progress, from `endOfHeaders` on. If the first line of the content is not a field, there is no
  /// header section and all of the content is body: ``HeaderSection/isAbsent``.
  public internal(set) var header: HeaderSection?
  /// The mail as it came, header section included, without the dots that DATA adds. It is set in the `message` hook, for hooks whose
  /// type says ``ContentWish/bytes(upTo:)``, if the mail is not larger than that.
  public internal(set) var content: ByteBuffer?
  /// The results of content inspection (DKIM), in the `message` hook.
  public internal(set) var authenticationResults: [AuthenticationResult] = []
  /// Values that hooks attach to the mail. They are empty at the beginning of each mail, and stay with it.
  public var attributes = Attributes()
  /// The header fields that hooks add to the mail. There are none at the beginning of each mail.
  public internal(set) var headerEdits: [HeaderEdit] = []
  /// A hook called ``countViolation()`` for the command in progress.
  public internal(set) var countsViolation = false

  /// A login that succeeded.
  public struct Login: Hashable, Sendable {
    /// The user name as the client gave it.
    public var name: String
    public var client: ClientRecord
    /// The SASL mechanism of the login.
    public var mechanism: String
  }

  public init(_ connection: ConnectionFacts) { self.connection = connection }

  public var isAuthenticated: Bool { login != nil }

  /// Whether the sender of this session's mail is known: the client has logged in, or is of `trustedNetworks` at the internal port.
  /// Other clients can name any address, and reports to it would go to a victim.
  public var isSenderVouchedFor: Bool { isAuthenticated || connection.isTrusted }

  /// Counts a violation for the client's address, as a refusal with 5yz does (R3), whatever the verdict. Use it for a mail that is
  /// taken only to look at it, or a command that gets a friendly answer. With ``ContactPolicy/maximumViolations`` violations the
  /// address is locked out.
  ///
  /// A connection counts one violation at most, until a recipient is accepted. A violation that the `rcptTo` hook counts stays even if
  /// its recipient is accepted. Sessions that have logged in count none.
  public mutating func countViolation() { countsViolation = true }

  /// Adds a header field at the top of the mail, below fields that were added before. The content itself stays as it came, byte for
  /// byte, so signatures hold.
  ///
  /// - Throws: ``HeaderEdit/Fault``. A plain `try` in a hook then answers 451, and no broken header is sent. Text that is not ASCII is
  ///   only for mails with SMTPUTF8 (RFC 6532), and so not before MAIL was accepted.
  public mutating func addHeaderField(_ name: String, _ value: String) throws(HeaderEdit.Fault) {
    headerEdits.append(try HeaderEdit(adding: name, value, international: parameters.smtpUTF8))
  }
}
