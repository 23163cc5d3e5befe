/// What the rules of a stage said of one command: for the events of a mail.
package struct RuleVerdicts: Hashable, Sendable {
  package enum Stage: Hashable, Sendable { case greeting, sender, recipient }

  package let stage: Stage
  /// The first so many let it pass.
  package let passed: Int
  /// The rule behind those refused it.
  package let isRefused: Bool
}

/// The names of the rules that are in force, by which events name them: those of their types.
package struct RuleNames: Sendable {
  private var greeting: [String] = []
  private var sender: [String] = []
  private var recipient: [String] = []

  package init() {}

  package init(_ configuration: SessionConfiguration) {
    greeting = configuration.greetingRules.map { "\(type(of: $0))" }
    sender = configuration.senderRules.map { "\(type(of: $0))" }
    recipient = configuration.recipientRules.map { "\(type(of: $0))" }
  }

  /// In the order in which they are asked.
  package subscript(_ stage: RuleVerdicts.Stage) -> [String] {
    switch stage {
    case .greeting: greeting
    case .sender: sender
    case .recipient: recipient
    }
  }
}
