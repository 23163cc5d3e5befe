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
  /// The port speaks LMTP (RFC 2033); as ``SessionConfiguration/speaksLMTP`` says.
  public internal(set) var speaksLMTP = false
  /// One of our own proxies or front ends speaks for itself, as its health checks do: it is no stranger, so it is always greeted,
  /// never counted and never locked out. Once it says whom it speaks for, that client is meant.
  public var isFrontEnd: Bool
  /// The address of ours that the client connected to; nil for a Unix socket.
  public var localAddress: IPAddress?

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

/// How a session is encrypted.
public struct Encryption: Hashable, Sendable {
  /// `TLSv1.3`.
  public var version: String
  /// `TLS_AES_256_GCM_SHA384`.
  public var cipher: String
  /// Secret bits of the cipher.
  public var bits: Int
  /// The name that the client asked for (SNI).
  public var serverName: String?
  /// What ties a login to this session (RFC 5056).
  public var channelBindings: ChannelBindings
  /// The certificate that the client showed; nil when it showed none, or the server does not ask for one.
  public var peerCertificate: PeerCertificate?

  /// A client's certificate. The client has its key; nobody vouches for what it says of itself. So compare the digest
  /// with those you know, and do not believe the subject.
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

/// Data that both ends of a TLS session know and no other session has, by its type; nil where there is none.
public struct ChannelBindings: Hashable, Sendable {
  /// `tls-exporter` (RFC 9266): 32 octets of the session's own.
  public var tlsExporter: [UInt8]?
  /// `tls-server-end-point` (RFC 5929 §4): the digest of the server's certificate.
  public var tlsServerEndPoint: [UInt8]?

  public init(tlsExporter: [UInt8]? = nil, tlsServerEndPoint: [UInt8]? = nil) {
    self.tlsExporter = tlsExporter
    self.tlsServerEndPoint = tlsServerEndPoint
  }

  public var isEmpty: Bool { tlsExporter == nil && tlsServerEndPoint == nil }

  /// By the type's registered name.
  public subscript(type: String) -> [UInt8]? {
    switch type {
    case "tls-exporter": tlsExporter
    case "tls-server-end-point": tlsServerEndPoint
    default: nil
    }
  }
}

/// Everything a hook may know of the session and of the mail that is coming in. Readable throughout; writable in its
/// ``attributes``, by ``addHeaderField(_:_:)`` and by ``countViolation()`` alone, and what a hook wrote counts only if it did not
/// throw.
public struct Conversation: Hashable, Sendable {
  public internal(set) var connection: ConnectionFacts
  /// What EHLO or HELO named, names in their canonical form; nil before, and when the client gave none. ``Domain/other(_:)`` for what is
  /// neither a name nor an address.
  public internal(set) var clientName: Domain?
  /// The client said EHLO, not HELO.
  public internal(set) var isExtended = false
  /// Nil while the session is in clear.
  public internal(set) var encryption: Encryption?
  /// Who logged in: the name it gave, and what the `auth` hook answered.
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
  /// The header section of the mail in progress, from `endOfHeaders` on. Where the content begins with a line that is no field it has
  /// none, and all is body: ``HeaderSection/isAbsent``.
  public internal(set) var header: HeaderSection?
  /// The message as it came, header section included, without the dots that DATA adds; in the `message` hook, for hooks whose
  /// type says ``ContentWish/bytes(upTo:)``, if it is not larger than that.
  public internal(set) var content: ByteBuffer?
  /// What content inspection found (DKIM), in the `message` hook.
  public internal(set) var authenticationResults: [AuthenticationResult] = []
  /// Values that hooks attach to the mail; they begin empty with each mail and persist with it.
  public var attributes = Attributes()
  /// The header fields that hooks add to the mail; none at the beginning of each mail.
  public internal(set) var headerEdits: [HeaderEdit] = []
  /// A hook said ``countViolation()`` in answer to the command in progress.
  public internal(set) var countsViolation = false

  /// A login that succeeded.
  public struct Login: Hashable, Sendable {
    /// The user name as the client gave it.
    public var name: String
    public var client: ClientRecord
    /// The SASL mechanism that it came by.
    public var mechanism: String
  }

  public init(_ connection: ConnectionFacts) { self.connection = connection }

  public var isAuthenticated: Bool { login != nil }

  /// Whether it is known that mail of this session is its sender's: the client has logged in, or is of `trustedNetworks` at the internal
  /// port. Anybody else may name whose address they like, and what is written to it then goes to a third party.
  public var isSenderVouchedFor: Bool { isAuthenticated || connection.isTrusted }

  /// What the client just did counts against its address as a refusal with 5yz would (R3), whatever the verdict is: for
  /// a mail that is taken only to look at it, or a command that is answered kindly. Once the address has as many violations as
  /// ``ContactPolicy/maximumViolations`` it is locked out.
  ///
  /// A connection counts one violation at most, until a recipient is accepted; a violation that the `rcptTo` hook counts
  /// stands although its recipient is accepted. Authenticated sessions count none.
  public mutating func countViolation() { countsViolation = true }

  /// Adds a header field at the top of the mail, below those that were added before it. The content itself is never
  /// changed: what came stays byte for byte, so that signatures hold.
  ///
  /// - Throws: ``HeaderEdit/Fault``, so that a plain `try` answers 451 rather than send a broken header. Text beyond ASCII
  ///   is for mails with SMTPUTF8 only (RFC 6532), and so not before MAIL was accepted.
  public mutating func addHeaderField(_ name: String, _ value: String) throws(HeaderEdit.Fault) {
    headerEdits.append(try HeaderEdit(adding: name, value, international: parameters.smtpUTF8))
  }
}
