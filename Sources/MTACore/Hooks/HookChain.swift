package import NIOCore

/// A policy asked before hooks: what ``InboundHooks/after(_:)`` makes. `clientLookup`, `scramKeys` and `auth` are the hooks' own: the chain
/// is ``ReceiverHooks`` if they are.
package struct HookChain<First: ReceiverPolicy, Rest: InboundHooks>: InboundHooks {
  private var first: First
  private var rest: Rest

  package init(_ first: First, then rest: Rest) {
    self.first = first
    self.rest = rest
  }

  package static var wantsContent: ContentWish { First.wantsContent.union(Rest.wantsContent) }

  package mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    try await rest.clientLookup(mailbox)
  }

  package mutating func connect(_ c: inout Conversation) async throws -> ConnectVerdict {
    let verdict = try await first.connect(&c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.connect(&c))
  }
  package mutating func ehlo(_ domain: Domain?, _ c: inout Conversation) async throws -> StageVerdict {
    let verdict = try await first.ehlo(domain, &c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.ehlo(domain, &c))
  }
  package mutating func startTLS(_ c: inout Conversation) async throws -> StageVerdict {
    let verdict = try await first.startTLS(&c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.startTLS(&c))
  }
  package mutating func mailFrom(_ sender: ReversePath, _ c: inout Conversation) async throws -> StageVerdict {
    let verdict = try await first.mailFrom(sender, &c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.mailFrom(sender, &c))
  }
  package mutating func rcptTo(_ recipient: Mailbox, _ c: inout Conversation) async throws -> RecipientVerdict {
    let verdict = try await first.rcptTo(recipient, &c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.rcptTo(recipient, &c))
  }
  package mutating func data(_ c: inout Conversation) async throws -> StageVerdict {
    let verdict = try await first.data(&c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.data(&c))
  }
  package mutating func endOfHeaders(_ c: inout Conversation) async throws -> StageVerdict {
    let verdict = try await first.endOfHeaders(&c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.endOfHeaders(&c))
  }
  package mutating func contentPiece(_ bytes: ByteBuffer, _ c: inout Conversation) async throws {
    if First.wantsContent.pieces { try await first.contentPiece(bytes, &c) }
    if Rest.wantsContent.pieces { try await rest.contentPiece(bytes, &c) }
  }
  package mutating func message(_ c: inout Conversation) async throws -> MessageVerdict {
    let verdict = try await first.message(&c)
    return verdict.weight == .final ? verdict : verdict.joined(with: try await rest.message(&c))
  }
  package mutating func rset(_ c: inout Conversation) async throws -> CommandVerdict {
    let verdict = try await first.rset(&c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.rset(&c))
  }
  package mutating func noop(_ c: inout Conversation) async throws -> CommandVerdict {
    let verdict = try await first.noop(&c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.noop(&c))
  }
  package mutating func vrfy(_ text: String, _ c: inout Conversation) async throws -> CommandVerdict {
    let verdict = try await first.vrfy(text, &c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.vrfy(text, &c))
  }
  package mutating func expn(_ text: String, _ c: inout Conversation) async throws -> CommandVerdict {
    let verdict = try await first.expn(text, &c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.expn(text, &c))
  }
  package mutating func help(_ text: String?, _ c: inout Conversation) async throws -> CommandVerdict {
    let verdict = try await first.help(text, &c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.help(text, &c))
  }
  package mutating func unknown(_ verb: String, _ c: inout Conversation) async throws -> CommandVerdict {
    let verdict = try await first.unknown(verb, &c)
    return verdict.weight == .final ? verdict : verdict.or(try await rest.unknown(verb, &c))
  }
  package mutating func quit(_ c: inout Conversation) async throws {
    try await first.quit(&c)
    try await rest.quit(&c)
  }
  package mutating func timeout(_ c: inout Conversation) async throws {
    try await first.timeout(&c)
    try await rest.timeout(&c)
  }
  package mutating func disconnect(_ conversation: Conversation) async {
    await first.disconnect(conversation)
    await rest.disconnect(conversation)
  }
}

extension HookChain: ReceiverHooks where Rest: ReceiverHooks {
  package mutating func scramKeys(for user: String) async throws -> SCRAMKeys? {
    try await rest.scramKeys(for: user)
  }
  package mutating func auth(_ credentials: Credentials, _ c: inout Conversation) async throws -> ClientRecord? {
    try await rest.auth(credentials, &c)
  }
}

extension InboundHooks {
  /// These hooks, with `policy` before them at each verb: `Shop().after(SPFCheck()).after(BlockList())` asks the block list first.
  ///
  /// A final verdict (refuse, defer, discard) ends the chain. Of milder ones the first stands. Refusals of single recipients add up.
  /// Only these hooks are asked for users.
  public consuming func after(_ policy: some ReceiverPolicy) -> some InboundHooks { HookChain(policy, then: self) }
}

extension ReceiverHooks {
  /// These hooks, with `policy` before them at each verb: see ``InboundHooks/after(_:)``.
  public consuming func after(_ policy: some ReceiverPolicy) -> some ReceiverHooks { HookChain(policy, then: self) }
}

extension Verdict {
  /// The heavier of two verdicts; of equals the first.
  func or(_ later: Self) -> Self { weight >= later.weight ? self : later }
}

extension MessageVerdict {
  /// As `or`, but nobody's refusal of a recipient is lost.
  func joined(with later: Self) -> Self {
    guard case .recipients(let ours) = self, case .recipients(let theirs) = later else { return or(later) }
    return .recipients(ours.merging(theirs) { $0.or($1) })
  }
}
