extension ServerSession {
  /// The session begins anew as the client's: its address is admitted like any other, and the greeting comes again.
  mutating func xclient(_ client: XClient) -> Action {
    guard conversation.connection.mayUseXCLIENT else { return settle(.notForYou) }
    guard let name = client.login else { return become(client, login: nil) }
    guard let mailbox = Mailbox(name) else { return settle(.badParameter) }
    return ask(.clientLookup(mailbox), for: .xclient(client))
  }

  mutating func xclientKnown(_ client: XClient, _ answer: Answer) -> Action {
    guard case .client(let record) = answer else { return settle(Objection(unexpected: answer)) }
    guard let name = client.login, let record else { return settle(.badParameter) }
    return become(client, login: Conversation.Login(name: name, client: record, mechanism: "XCLIENT"))
  }

  private mutating func become(_ client: XClient, login: Conversation.Login?) -> Action {
    var facts = conversation.connection
    facts.remoteAddress = client.address ?? facts.remoteAddress
    facts.remotePort = client.port ?? 0
    // Trust in a network is trust in the host that connected, not in whom it speaks for; and what comes from here on may
    // be that client's own words, so nobody says XCLIENT twice.
    facts.isTrusted = false
    facts.mayUseXCLIENT = false
    // What the front end did before is not the client's; and where it does not know the client, it is still its own.
    if client.address != nil { facts.isFrontEnd = false }
    facts.localAddress = client.destination ?? facts.localAddress
    hasOffended = false
    let encryption = conversation.encryption
    resetTransaction()
    conversation = Conversation(facts)
    conversation.encryption = encryption
    conversation.login = login
    isGreeted = false
    return perform(.admit, for: .connect)
  }
}
