/// What is said of a mail in MAIL and RCPT to a server that offers so much, and what keeps the mail from it.
struct MailRequest {
  private let transaction: ClientTransaction
  private let dialect: ClientSession.Dialect
  private let server: ServerCapabilities
  private let isSecured: Bool
  private let carriage: Result<ContentCarriage, DeliveryTrouble>

  init(
    _ transaction: ClientTransaction, _ dialect: ClientSession.Dialect, _ server: ServerCapabilities, isSecured: Bool
  ) {
    self.transaction = transaction
    self.dialect = dialect
    self.server = server
    self.isSecured = isSecured
    do throws(DeliveryTrouble) {
      carriage = .success(
        try ContentCarriage(
          of: transaction.content, declared: transaction.body, over: server,
          sendsEightBitAnyway: transaction.sendsEightBitAnyway))
    } catch {
      carriage = .failure(error)
    }
  }

  var means: ContentCarriage.Means { if case .success(let carriage) = carriage { carriage.means } else { .lines } }

  // MARK: obstacles, known before a word is said

  /// What keeps the whole mail from this server.
  var obstacle: DeliveryTrouble? {
    if let sender = transaction.reversePath.mailbox {
      if !ClientCommand.isEncodable(sender) { return .unencodableSender }
      if spelled(sender).isInternational, !server.smtpUTF8 { return .international }
    }
    if transaction.hasInternationalHeader, !server.smtpUTF8, !isFinalAndClean { return .international }
    if dialect == .smtp, let trouble = requestObstacle { return trouble }
    if case .failure(let trouble) = carriage { return trouble }
    if let limit = server.sizeLimit, transaction.size > limit { return .tooBig(limit: limit) }
    return nil
  }

  /// A mailbox is the end of the way: a server that takes eight bits stores UTF-8 header fields as it does other text, and mail
  /// for its users would otherwise be lost for the want of a word. Few LMTP servers know SMTPUTF8.
  private var isFinalAndClean: Bool { dialect == .lmtp && server.eightBitMIME }

  /// What keeps it from this recipient.
  func obstacle(to recipient: Mailbox) -> DeliveryTrouble? {
    if !ClientCommand.isEncodable(recipient) { return .unencodableRecipient }
    return spelled(recipient).isInternational && !server.smtpUTF8 ? .international : nil
  }

  /// An address as this server may be told it.
  func spelled(_ mailbox: Mailbox) -> Mailbox { server.smtpUTF8 ? mailbox : mailbox.plain }

  /// What the sender asked for, and a relay may not go without. LMTP is no relay: what is asked of the way is over there.
  private var requestObstacle: DeliveryTrouble? {
    // RFC 8689 §5: what has no sender to go back to is not to be lost for want of the option.
    if transaction.requests.requireTLS, transaction.reversePath != .null {
      // RFC 8689 §2: the option is known only under TLS.
      if !isSecured { return .requireTLSUnmet("the connection is not encrypted") }
      if !server.requireTLS { return .requireTLSNotOffered }
    }
    // RFC 2852 §4: mode R keeps the mail from relays that would not return it in time; mode N goes anywhere.
    if let by = transaction.requests.deliverBy, by.mode == .return {
      guard let minimum = server.deliverBy else { return .deliverByNotOffered }
      let left = seconds(until: by.deadline)
      if left < max(1, Int64(clamping: minimum)) { return .deliverByTooShort(seconds: max(0, left)) }
    }
    return nil
  }

  /// RFC 2852 §4: 1*9DIGIT.
  private func seconds(until deadline: Timestamp) -> Int64 {
    min(max((deadline - transaction.now).components.seconds, -999_999_999), 999_999_999)
  }

  // MARK: parameters

  /// Of MAIL.
  /// - Parameter toInternational: whether a recipient that is named has an international address.
  func parameters(toInternational: Bool) -> [String] {
    var parameters: [String] = []
    // RFC 1870 §5.
    if server.takesSize { parameters.append("SIZE=\(max(0, transaction.size))") }
    if case .success(let carriage) = carriage, let body = carriage.body {
      parameters.append("BODY=\(body.rawValue)")
    }
    let needsUTF8 =
      toInternational || transaction.hasInternationalHeader || transaction.reversePath.mailbox?.isInternational ?? false
    // RFC 6531 §3.4: only where it is needed, for the parameter narrows the mail's way.
    if server.smtpUTF8, needsUTF8 { parameters.append("SMTPUTF8") }
    if dialect == .smtp { parameters += requested }
    return parameters
  }

  private var requested: [String] {
    let requests = transaction.requests
    var parameters: [String] = []
    // RFC 3461 §5.2.1: what came goes on, and nothing else.
    if server.dsn {
      if let part = requests.return { parameters.append("RET=\(part.rawValue)") }
      if let id = requests.envelopeID, let text = Self.xtext(id, limit: 100) { parameters.append("ENVID=\(text)") }
    }
    if requests.requireTLS, isSecured, server.requireTLS { parameters.append("REQUIRETLS") }
    // RFC 2852 §4: less what the mail has spent here; by mode N the time may be over.
    if server.deliverBy != nil, let by = requests.deliverBy {
      parameters.append("BY=\(seconds(until: by.deadline));\(by.mode.rawValue)\(by.trace ? "T" : "")")
    }
    // RFC 6710 §4.3; zero is what is assumed.
    if server.priority, requests.priority != 0 {
      parameters.append("MT-PRIORITY=\(min(max(requests.priority, -9), 9))")
    }
    return parameters
  }

  /// Of RCPT.
  func parameters(for recipient: ClientTransaction.Recipient) -> [String] {
    // LMTP delivers for good: whatever is to be told of that, this system tells.
    guard server.dsn, dialect == .smtp else { return [] }
    let notification = recipient.notification
    var parameters: [String] = []
    if let notify = notification.notify { parameters.append("NOTIFY=\(notify)") }
    if let original = notification.originalRecipient {
      if ClientCommand.isEncodable(original, limit: 500) { parameters.append("ORCPT=\(original)") }
    } else if notification.notify != nil, let original = RecipientNotification.original(recipient.mailbox) {
      // RFC 3461 §5.2.1 (d): a relay may add it, so that the report names the recipient as the sender did.
      parameters.append("ORCPT=\(original)")
    }
    return parameters
  }

  private static func xtext(_ text: String, limit: Int) -> String? {
    let encoded = XText.encode(text.utf8)
    return encoded.isEmpty || encoded.count > limit ? nil : String(decoding: encoded, as: UTF8.self)
  }
}
