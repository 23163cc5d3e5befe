import MTACore

/// A server that only receives knows its clients, and nothing of logins.
struct Hooks {}

extension Hooks: InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
}

final class Subclass: BaseReceiverHooks, InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
}

struct Policy {}

extension Policy: ReceiverPolicy {
  func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict { .refuse("not now", .system) }
}

let makeHooks: @Sendable () -> any InboundHooks = { Hooks().after(Policy()) }
