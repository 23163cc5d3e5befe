import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// What suspensions of users and of domains share.
struct SuspensionOptions: ParsableArguments {
  @Option(help: "The reason, for operators.") var reason = Reason("by an operator")
  @Option(name: .customLong("for"), help: "How long it holds: 90s, 15m, 4h, 2d, 1w. Default: until it is resumed.")
  var time: TimeSpan?

  func validate() throws {
    if let time, time.duration <= .zero { throw ValidationError("--for is at least 1s") }
  }

  func order(_ kind: AccountOrder.Kind, _ name: String) -> AccountOrder {
    let now = SystemClock().now
    return AccountOrder(kind, name, reason: reason.text, until: time.map { now + $0.duration }, createdAt: now)
  }

  static func tell(_ order: AccountOrder, _ done: String) {
    var line = ""
    line.append(escaping: order.name)
    Output.line("\(line) \(done)" + (order.until.map { " until \($0.internetInstant)" } ?? ""))
  }
}

/// One suspension as JSON. The keys are a contract: see `Docs/COMMANDS.md`.
struct SuspensionReport: Encodable {
  var name: String
  var since: String
  var until: String?
  var reason: String

  init(_ order: AccountOrder) {
    (name, reason) = (order.name, order.reason)
    (since, until) = (order.createdAt.description, order.until?.description)
  }

  private enum CodingKeys: String, CodingKey { case name, since, until, reason }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(name, forKey: .name)
    try fields.encode(since, forKey: .since)
    try fields.encode(nullable: until, forKey: .until)
    try fields.encode(reason, forKey: .reason)
  }
}

/// A domain that a command is about.
struct DomainArgument: ExpressibleByArgument {
  let domain: Domain

  init?(argument: String) {
    guard let domain = Domain(argument, international: true) else { return nil }
    if case .other = domain { return nil }
    self.domain = domain.canonical
  }
}
