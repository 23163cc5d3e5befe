import MTACore

/// A policy knows nothing of clients, and stands before hooks that do.
struct Policy {}

extension Policy: ReceiverPolicy {
  func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict { .drop }
}

func chained(_ hooks: consuming some ReceiverHooks) -> some ReceiverHooks { hooks.after(Policy()) }
