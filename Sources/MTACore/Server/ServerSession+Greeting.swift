/// The door, EHLO and what it announces, and STARTTLS.
extension ServerSession {
  mutating func doorJudged(_ answer: Answer) -> Action {
    switch answer {
    case .connect(.proceed): return settle(.greeting(configuration.serverName, title: configuration.serverTitle))
    case .connect(.refuse(let refusal)):
      offend()
      return close(.refusedAtDoor(refusal))
    case .connect(.defer(let refusal)): return close(.deferredAtDoor(refusal))
    case .connect(.drop): return close(nil)
    case .failed: return close(.hookFailedAtDoor)
    default: return impossible()
    }
  }

  mutating func run(_ inquiry: GreetingInquiry, _ answer: Answer? = nil) -> Action {
    var inquiry = inquiry
    let step = inquiry.step(answer, configuration, conversation)
    notes.take(&inquiry.verdicts)
    switch step {
    case .ask(let question): return ask(question, for: .greeting(inquiry))
    case .refuse(let objection): return settle(objection)
    case .done(let now): return welcome(inquiry.domain, isExtended: inquiry.isExtended, at: now)
    }
  }

  /// RFC 5321 §4.1.1.1, and §4.1.4: EHLO is a RSET as well. No enhanced status (RFC 2034 §3).
  private mutating func welcome(_ domain: Domain?, isExtended: Bool, at now: Timestamp?) -> Action {
    let hadSpool = conversation.mailID != nil
    resetTransaction()
    conversation.clientName = domain
    conversation.isExtended = isExtended
    isGreeted = true
    let extensions = isExtended ? extensions(at: now) : []
    return settleAfterReset(settle(.welcome(configuration.serverName, extensions)), hadSpool: hadSpool)
  }

  /// What EHLO announces: what is wired, never what is not.
  private func extensions(at now: Timestamp?) -> [String] {
    let capabilities = capabilities
    var lines = [
      "PIPELINING", "SIZE \(configuration.maximumMessageBytes)", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING",
      // RFC 9422.
      "LIMITS RCPTMAX=\(configuration.maximumRecipients)",
    ]
    if capabilities.contains(.binaryMIME) { lines.append("BINARYMIME") }
    if capabilities.contains(.smtpUTF8) { lines.append("SMTPUTF8") }
    if capabilities.contains(.dsn) { lines.append("DSN") }
    if capabilities.contains(.requireTLS) { lines.append("REQUIRETLS") }
    if capabilities.contains(.deliverBy) {
      // RFC 2852 §3: the least time that may be asked for, where there is one.
      let minimum = configuration.minimumDeliverBy.components.seconds
      lines.append(minimum > 0 ? "DELIVERBY \(minimum)" : "DELIVERBY")
    }
    // RFC 6710 §3: without the name of a policy, for it is the RFC's own.
    if capabilities.contains(.priority) { lines.append("MT-PRIORITY") }
    if capabilities.contains(.futureRelease), let now {
      // RFC 4865 §3: the longest time in seconds, and the latest instant.
      let latest = (now + configuration.maximumHold).internetInstant
      lines.append("FUTURERELEASE \(configuration.maximumHold.components.seconds) \(latest)")
    }
    if configuration.offersTLS, conversation.encryption == nil { lines.append("STARTTLS") }
    if let announcement = authAnnouncement { lines.append(announcement) }
    if conversation.connection.mayUseXCLIENT { lines.append("XCLIENT \(XClient.attributes)") }
    return lines + ["HELP"]
  }

  /// What this session may ask of a mail's delivery.
  var capabilities: DeliveryCapabilities {
    configuration.capabilities(in: conversation, isExtended: conversation.isExtended)
  }

  // MARK: STARTTLS

  mutating func startTLS() -> Action {
    if conversation.encryption != nil { return settle(.outOfSequence("TLS is active already")) }
    guard configuration.offersTLS else { return settle(.tlsUnavailable) }
    return ask(.startTLS, for: .startTLS)
  }

  mutating func tlsJudged(_ answer: Answer) -> Action {
    guard case .stage(let verdict) = answer else { return settle(Objection(unexpected: answer)) }
    if let objection = Objection(verdict) { return settle(objection) }
    return perform(.startTLS(.readyForTLS), for: .handshake)
  }
}

extension SessionConfiguration {
  /// What a client may ask of a mail's delivery, as far as store and runner honour it.
  ///
  /// - Parameter isExtended: whether it says EHLO, or said it.
  func capabilities(in conversation: Conversation, isExtended: Bool) -> DeliveryCapabilities {
    var capabilities = isExtended ? honours : []
    // RFC 8689 §2: only under TLS.
    if conversation.encryption == nil { capabilities.remove(.requireTLS) }
    // RFC 4865 §3: for submission only. A client that logs in need not say EHLO again, so the port counts as well.
    let isForSubmission = conversation.connection.role == .submission || conversation.connection.isTrusted
    if !isForSubmission, !conversation.isAuthenticated { capabilities.remove(.futureRelease) }
    // A mail to be returned when it is late comes back to whoever is named as its sender, be the mail as good as any.
    if !conversation.isSenderVouchedFor { capabilities.remove(.deliverBy) }
    return capabilities
  }
}
