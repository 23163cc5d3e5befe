/// Plays the steps of one connection on its stage.
struct DialogueActor {
  private let script: DialogueScript
  private let stage: any DialogueStage
  private let store: VolatileStore
  private let chunking: Dialogue.Chunking

  init(
    _ script: DialogueScript, _ stage: any DialogueStage, _ store: VolatileStore, _ chunking: Dialogue.Chunking = .lines
  ) {
    self.script = script
    self.stage = stage
    self.store = store
    self.chunking = chunking
  }

  func perform(_ steps: [(line: Int, step: DialogueScript.Step)]) async throws {
    var glued: [UInt8] = []
    for (line, step) in steps {
      if case .client(let bytes) = step, chunking == .glued {
        glued += bytes
        continue
      }
      if !glued.isEmpty {
        // Where a reply is awaited first (greeting, STARTTLS) the client cannot run ahead of it.
        try await send(glued)
        glued = []
      }
      if let amiss = try await perform(step) { throw script.fault(line, amiss) }
    }
    if !glued.isEmpty { try await send(glued) }
  }

  private func send(_ bytes: [UInt8]) async throws {
    let size = if case .bytes(let count) = chunking { count } else { bytes.count }
    try await stage.send(bytes, inPiecesOf: max(1, size))
  }

  /// What went otherwise.
  private func perform(_ step: DialogueScript.Step) async throws -> String? {
    switch step {
    case .client(let bytes): try await send(bytes)
    case .server(let expected):
      guard let reply = try await stage.takeReply() else {
        return "the server said nothing more" + (try await stage.isNotClosed() == nil ? " and closed" : "")
      }
      if !DialogueScript.matches(reply, expected) { return "the server said \"\(reply.joined(separator: " / "))\"" }
    case .hangUp: try await stage.hangUp()
    case .halfClose: try await stage.halfClose()
    case .shutDown: try await stage.shutDown()
    case .closed: return try await stage.isNotClosed()
    case .silence: return try await stage.isNotSilent()
    case .wait(let duration): try await stage.wait(duration)
    case .check(let check): return try await stage.settled { check.judge(store) }
    }
    return nil
  }
}
