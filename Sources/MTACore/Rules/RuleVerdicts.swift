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
  /// The rules of a stage, in the order in which they are asked.
  package struct Names: Sendable {
    package let all: [String]
    /// The first, the first two, and so on, with ``separator`` between them: made once, for most mails pass all.
    private let firsts: [String]

    fileprivate init(_ types: [String] = []) {
      // What parts names, and the fields of a check, is in none.
      let names = types.map { type in
        let octets = type.utf8.map { octet in
          octet == UInt8(ascii: ",") ? UInt8(ascii: ";") : octet == RuleNames.separator ? UInt8(ascii: "-") : octet
        }
        return String(decoding: octets, as: UTF8.self)
      }
      all = names
      firsts = all.indices.map {
        names[...$0].joined(separator: String(decoding: [RuleNames.separator], as: UTF8.self))
      }
    }

    /// The names of so many rules in one; nil for none.
    package func first(_ count: Int) -> String? {
      let place = min(count, firsts.count) - 1
      return firsts.indices.contains(place) ? firsts[place] : nil
    }
  }

  /// Between names of rules that let pass one after the other.
  package static let separator = UInt8(ascii: "+")

  private var greeting = Names()
  private var sender = Names()
  private var recipient = Names()

  package init() {}

  package init(_ configuration: SessionConfiguration) {
    greeting = Names(configuration.greetingRules.map { "\(type(of: $0))" })
    sender = Names(configuration.senderRules.map { "\(type(of: $0))" })
    recipient = Names(configuration.recipientRules.map { "\(type(of: $0))" })
  }

  package subscript(_ stage: RuleVerdicts.Stage) -> Names {
    switch stage {
    case .greeting: greeting
    case .sender: sender
    case .recipient: recipient
    }
  }
}
