import MTACore

/// Gives local mail to a ``DeliveryAgent``.
struct AgentCourier: Courier {
  private let agent: any DeliveryAgent

  init(_ agent: any DeliveryAgent) { self.agent = agent }

  mutating func deliver(_ mail: OutgoingMail, to recipients: [Mailbox]) async -> Attempt {
    let entries = Dictionary(mail.envelope.recipients.map { ($0.mailbox, $0) }, uniquingKeysWith: { a, _ in a })
    let text: MailText
    do { text = try await mail.forFinalDelivery().text(for: recipients, final: true) } catch {
      return Attempt(.contentUnavailable("\(error)"), for: recipients.count)
    }
    let answers = await agent.deliver(
      AgentMail(mail.envelope, text), to: recipients.map { entries[$0] ?? EnvelopeRecipient($0) })
    return Attempt(
      recipients.indices.map { index in
        // Whom the agent forgot, it has not delivered to.
        let answer = answers.indices.contains(index) ? answers[index] : .deferred("the agent gave no answer")
        return OutcomeClassifier.told(answer.outcome, answer.words, status: answer.status)
      })
  }

  mutating func end() {}
}
