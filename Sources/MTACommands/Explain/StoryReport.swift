import MTACore
import MTAServer

/// What is known of a mail as JSON. The keys are a contract: see `Docs/COMMANDS.md`.
struct StoryReport: Encodable {
  let story: MailStory

  private enum Keys: String, CodingKey {
    case id, state, accepted, sender, messageID, size, nrcpt, hold, session, checks, omittedChecks, authentication
    case dialogue, refusals, recipients, reports, reportOf, gaps
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Keys.self)
    try fields.encode(nullable: story.id?.description, forKey: .id)
    try fields.encode(story.state, forKey: .state)
    try fields.encode(nullable: story.accepted?.description, forKey: .accepted)
    try fields.encode(nullable: story.sender, forKey: .sender)
    try fields.encode(nullable: story.messageID, forKey: .messageID)
    try fields.encode(nullable: story.size, forKey: .size)
    try fields.encode(max(story.recipientCount ?? 0, story.recipients.count), forKey: .nrcpt)
    try fields.encode(nullable: story.hold, forKey: .hold)
    try fields.encode(nullable: story.session.map { SessionReport(session: $0) }, forKey: .session)
    try fields.encode(story.checks.map { CheckReport(check: $0) }, forKey: .checks)
    try fields.encode(story.omittedChecks, forKey: .omittedChecks)
    try fields.encode(story.authentication.map { ResultReport(result: $0) }, forKey: .authentication)
    try fields.encode(story.dialogue, forKey: .dialogue)
    try fields.encode(story.refusals.map { RefusalReport(refusal: $0) }, forKey: .refusals)
    try fields.encode(story.recipients.map { RecipientReport(recipient: $0) }, forKey: .recipients)
    try fields.encode(story.reports.map { ReportReport(report: $0) }, forKey: .reports)
    try fields.encode(nullable: story.reportOf?.description, forKey: .reportOf)
    try fields.encode(story.gaps, forKey: .gaps)
  }
}

private struct SessionReport: Encodable {
  let session: MailStory.Session

  private enum Keys: String, CodingKey {
    case id, client, began, port, service, `protocol`, trusted, helo, tls, login, mechanism
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Keys.self)
    try fields.encode(nullable: session.id, forKey: .id)
    try fields.encode(nullable: session.client, forKey: .client)
    try fields.encode(nullable: session.began?.description, forKey: .began)
    try fields.encode(nullable: session.port, forKey: .port)
    try fields.encode(nullable: session.service, forKey: .service)
    try fields.encode(session.isLMTP ? "lmtp" : "smtp", forKey: .protocol)
    try fields.encode(session.isTrusted, forKey: .trusted)
    try fields.encode(nullable: session.helo, forKey: .helo)
    try fields.encode(nullable: session.tls, forKey: .tls)
    try fields.encode(nullable: session.login, forKey: .login)
    try fields.encode(nullable: session.mechanism, forKey: .mechanism)
  }
}

private struct CheckReport: Encodable {
  let check: MailStory.Check

  private enum Keys: String, CodingKey { case at, stage, kind, name, address, verdict, seconds, reply }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Keys.self)
    try fields.encode(nullable: check.at?.description, forKey: .at)
    try fields.encode(check.stage, forKey: .stage)
    try fields.encode(check.kind, forKey: .kind)
    try fields.encode(check.name, forKey: .name)
    try fields.encode(nullable: check.address, forKey: .address)
    try fields.encode(check.verdict, forKey: .verdict)
    try fields.encode(nullable: check.microseconds.map { Double($0) / 1_000_000 }, forKey: .seconds)
    try fields.encode(nullable: check.reply, forKey: .reply)
  }
}

private struct ResultReport: Encodable {
  let result: AuthenticationResult

  private enum Keys: String, CodingKey { case method, result, reason, properties }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Keys.self)
    try fields.encode(result.method, forKey: .method)
    try fields.encode(result.result, forKey: .result)
    try fields.encode(nullable: result.reason, forKey: .reason)
    var properties: [String: String] = [:]
    for property in result.properties { properties["\(property.type).\(property.name)"] = property.value }
    try fields.encode(properties, forKey: .properties)
  }
}

private struct RefusalReport: Encodable {
  let refusal: MailStory.Refused

  private enum Keys: String, CodingKey { case at, stage, by, reply, recipient, account }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Keys.self)
    try fields.encode(refusal.at.description, forKey: .at)
    try fields.encode(refusal.stage, forKey: .stage)
    try fields.encode(refusal.by, forKey: .by)
    try fields.encode(refusal.reply, forKey: .reply)
    try fields.encode(nullable: refusal.recipient, forKey: .recipient)
    try fields.encode(nullable: refusal.account, forKey: .account)
  }
}

private struct RecipientReport: Encodable {
  let recipient: MailStory.Recipient

  private enum Keys: String, CodingKey {
    case recipient, state, forwardedFor, route, routeReason, attempts, next, why, expires
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Keys.self)
    try fields.encode(recipient.recipient, forKey: .recipient)
    try fields.encode(nullable: recipient.state, forKey: .state)
    try fields.encode(nullable: recipient.forwardedFor, forKey: .forwardedFor)
    try fields.encode(nullable: recipient.route?.destination, forKey: .route)
    try fields.encode(nullable: recipient.route?.why, forKey: .routeReason)
    try fields.encode(recipient.attempts.map { AttemptReport(attempt: $0) }, forKey: .attempts)
    try fields.encode(nullable: recipient.next?.description, forKey: .next)
    try fields.encode(nullable: recipient.why, forKey: .why)
    try fields.encode(nullable: recipient.expires?.description, forKey: .expires)
  }
}

private struct AttemptReport: Encodable {
  let attempt: MailStory.Attempt

  private enum Keys: String, CodingKey {
    case at, number, outcome, host, tls, policy, reply, reason, destination, seconds, waited, connecting, next, hook,
      dialogue
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Keys.self)
    try fields.encode(attempt.at.description, forKey: .at)
    try fields.encode(attempt.number, forKey: .number)
    try fields.encode(attempt.outcome, forKey: .outcome)
    try fields.encode(nullable: attempt.host, forKey: .host)
    try fields.encode(nullable: attempt.tls, forKey: .tls)
    try fields.encode(nullable: attempt.policy, forKey: .policy)
    // Where no server answered, it is ours.
    try fields.encode(attempt.reply ?? attempt.reason, forKey: .reply)
    try fields.encode(attempt.reason, forKey: .reason)
    try fields.encode(attempt.destination, forKey: .destination)
    try fields.encode(nullable: attempt.duration.flatMap { Double($0) }, forKey: .seconds)
    try fields.encode(nullable: attempt.waited.flatMap { Double($0) }, forKey: .waited)
    try fields.encode(nullable: attempt.connecting.flatMap { Double($0) }, forKey: .connecting)
    try fields.encode(nullable: attempt.next?.description, forKey: .next)
    try fields.encode(attempt.isByHook, forKey: .hook)
    try fields.encode(attempt.dialogue, forKey: .dialogue)
  }
}

private struct ReportReport: Encodable {
  let report: MailStory.Report

  private enum Keys: String, CodingKey { case id, at, about, to, due }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Keys.self)
    try fields.encode(report.id, forKey: .id)
    try fields.encode(report.at.description, forKey: .at)
    try fields.encode(report.about, forKey: .about)
    try fields.encode(report.to, forKey: .to)
    try fields.encode(nullable: report.due?.description, forKey: .due)
  }
}
