import MTACore
import NIOConcurrencyHelpers
import NIOCore

extension LinkService {
  /// Content that was passed is copied in pieces of this size.
  private static let pieceBytes = 262_144

  func commit(_ commit: LinkCommit, _ passed: PassedContent?, over link: ServedLink) async -> LinkMessage {
    let envelope = commit.envelope
    let size: Int
    switch commit.content {
    case .inline(let content): size = content.readableBytes
    case .passed(let passed): size = passed
    }
    let objection = configuration.rule.objection(
      to: envelope, size: size, at: configuration.clock.now, holds: link.holdings.hasLogin)
    if let objection {
      configuration.notice("a receiver's mail \(envelope.id) was refused: \(objection)")
      return .failure(.failed(objection))
    }
    await running.begin(envelope.id)
    defer { running.end(envelope.id) }
    do throws(StoreFailure) {
      if commit.isResent, try await isStored(commit, size) { return receipt(of: envelope.id, over: link) }
      _ = try await store(commit, passed)
      return receipt(of: envelope.id, over: link)
    } catch {
      // A queue process that is on its way out may have stored it meanwhile.
      if commit.isResent, (try? await isStored(commit, size)) == true { return receipt(of: envelope.id, over: link) }
      return .failure(error)
    }
  }

  private func receipt(of id: MailID, over link: ServedLink) -> LinkMessage {
    if configuration.event != nil { link.recent.withLockedValue { $0.add(id) } }
    return .receipt
  }

  private func isStored(_ commit: LinkCommit, _ size: Int) async throws(StoreFailure) -> Bool {
    try await store.receipt(of: commit.envelope, trace: commit.trace, size: size) != nil
  }

  private func store(_ commit: LinkCommit, _ passed: PassedContent?) async throws(StoreFailure) -> StoreReceipt {
    let spool = try await store.begin(commit.envelope.id)
    do throws(StoreFailure) {
      switch commit.content {
      case .inline(let content): try await spool.append(content)
      case .passed:
        guard let passed else { throw .failed("content was not passed") }
        var offset = 0
        while offset < passed.size {
          guard let piece = passed.part(from: offset, upTo: Self.pieceBytes) else {
            throw .failed("passed content cannot be read")
          }
          offset += piece.readableBytes
          try await spool.append(piece)
        }
      }
      return try await spool.commit(commit.envelope, trace: commit.trace)
    } catch {
      await spool.abandon()
      throw error
    }
  }
}
