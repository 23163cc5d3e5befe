import MTACore

/// What goes over one connection.
extension ServerCourier {
  /// One mail to one server, in as many transactions as the server's limit of recipients makes of it.
  ///
  /// - Throws: when the server said nothing of the mail.
  mutating func run(
    _ consignment: Consignment, over line: Line, _ policy: TLSPolicy
  ) async throws(DeliveryTrouble) -> Attempt {
    let recipients = consignment.recipients
    var line = line
    let place = line.opening.endpoint.place
    let limits = [line.link.capabilities.recipientLimit, environment.recipientLimits.limit(at: place)]
    var parts = RecipientParts(count: recipients.count, limit: limits.compactMap { $0 }.min())
    while !parts.next.isEmpty {
      // A surplus transaction with one recipient is still a copy of a mail that had more: the text is the same for all.
      let offer: MailOffer
      do {
        offer = try await MailOffer(
          of: consignment.mail, to: parts.next.map { recipients[$0] }, among: recipients,
          isFinal: consignment.route.dialect == .lmtp, over: line.link.capabilities, environment)
      } catch {
        if !parts.hasAnswers { return Attempt(.contentUnavailable("\(error)"), for: recipients.count) }
        break
      }
      served += 1
      do throws(DeliveryTrouble) { parts.take(try await line.link.deliver(offer.transaction, offer.text)) } catch {
        self.line = nil
        if !parts.hasAnswers { throw error }
        // The server was tired of this connection: the rest has another one, as long as each gets something done.
        guard parts.hasDelivered, let next = await reopen(line, for: consignment, policy) else {
          return attempt(parts, line, policy)
        }
        line = next
        parts.beginAnew()
      }
    }
    if let limit = parts.provenLimit { environment.recipientLimits.learn(limit, at: place) }
    return attempt(parts, line, policy)
  }

  private mutating func reopen(_ line: Line, for consignment: Consignment, _ policy: TLSPolicy) async -> Line? {
    let opening = HostTrial.Opening(
      endpoint: line.opening.endpoint, hop: line.opening.hop, policy: policy, manner: line.opening.manner)
    do throws(DeliveryTrouble) { return try await open(opening, for: consignment) } catch { return nil }
  }

  /// Whoever no transaction was for keeps waiting.
  private func attempt(_ parts: RecipientParts, _ line: Line, _ policy: TLSPolicy) -> Attempt {
    let missing = OutcomeClassifier.judge(.connectionLost(.mail))
    var attempt = Attempt(
      parts.results.map { $0 ?? missing }, host: line.opening.endpoint.description, encryption: line.link.encryption)
    attempt.tlsPolicy = policy.description
    return attempt
  }
}
