import MTACore
import MTASystem
import NIOCore

/// One arriving mail: in memory up to a limit, then in a file that the store's threads write.
///
/// `@unchecked`: one task at a time uses it, as ``MessageSpool`` demands.
final class Spool: MessageSpool, @unchecked Sendable {
  /// How much is gathered for one write to the file, or more: large reads of a busy client go there as they are, without a copy. One
  /// piece is written while the next one gathers. A client that is faster than the disk waits.
  static let pieceBytes = 32_768

  private let store: StoreCore
  private let id: MailID
  private var gathered = ByteBuffer()
  private var size = 0
  /// Of what came so far.
  private var check = ContentCheck()
  private var spill: Spill?
  private var isOver = false

  /// The running write, which returns the file. After a failure there is no file any more.
  private struct Spill {
    var written: OneShot<Result<DurableFile, FileFailure>>
  }

  init(_ store: StoreCore, _ id: MailID) {
    self.store = store
    self.id = id
  }

  deinit { if !isOver { discardLater() } }

  func append(_ piece: ByteBuffer) async throws(StoreFailure) {
    guard !isOver, !store.isClosed else { throw .closed }
    guard piece.readableBytes > 0 else { return }
    let (sum, overflow) = size.addingReportingOverflow(piece.readableBytes)
    guard !overflow else { throw .noSpace }
    size = sum
    check.add(piece)
    // What is gathered never grows beyond its bound, for its memory comes in powers of two.
    if gathered.readableBytes > 0, gathered.readableBytes + piece.readableBytes > bound { try await write() }
    // The first piece is kept as it is; more of them are gathered in one buffer, for slices of a few bytes would each
    // keep a whole read buffer alive.
    if gathered.readableBytes == 0 { gathered = piece } else { gathered.writeImmutableBuffer(piece) }
    if gathered.readableBytes > bound { try await write() }
  }

  /// The first piece may be a small part of the buffer that was read, and keeps all of it.
  var bytesInMemory: Int { gathered.readableBytes == 0 ? 0 : gathered.storageCapacity }

  private var bound: Int { spill == nil ? store.configuration.spillThreshold : Self.pieceBytes }

  /// Starts to write what was gathered, after the write before.
  private func write() async throws(StoreFailure) {
    let bytes = gathered
    gathered = ByteBuffer()
    let before = await spill?.written.value()
    if case .failure(let failure)? = before { throw failure.storeFailure }
    let folder = store.folder
    let id = id
    spill = Spill(
      written: store.files.start {
        do throws(FileFailure) {
          let file = if let before { try before.get() } else { try folder.create(id) }
          do throws(FileFailure) { try file.write(bytes, at: "spill.write") } catch {
            folder.removePart(id)
            throw error
          }
          return .success(file)
        } catch { return .failure(error) }
      })
  }

  func commit(_ envelope: Envelope, trace: ByteBuffer) async throws(StoreFailure) -> StoreReceipt {
    guard !isOver, !store.isClosed else { throw .closed }
    guard envelope.id == id, !envelope.recipients.isEmpty else {
      throw .failed("the envelope \(envelope.id) does not fit the spool \(id), or has no recipient")
    }
    let envelopeText = try EnvelopeText.encode(envelope)
    let isLarge = spill != nil || size > store.configuration.contentInDatabase
    if isLarge { try await completeFile() }
    isOver = true
    let contentFile = isLarge ? store.folder.name(id) : nil
    let mail = NewMail(
      envelope: envelope, envelopeText: envelopeText, trace: trace, content: isLarge ? nil : gathered,
      contentFile: contentFile, size: size, checksum: check.finished(behind: trace).value,
      expiresAt: envelope.expiry(after: store.configuration.queueLifetime),
      lanes: envelope.recipients.map(store.configuration.lane))
    gathered = ByteBuffer()
    switch await store.insert(mail) {
    case .committed: return StoreReceipt(durablyStored: id)
    case .rolledBack(let failure):
      if let contentFile {
        let folder = store.folder
        _ = await store.files.start { folder.remove([contentFile]) }.value()
      }
      throw failure
    case .uncertain(let failure): throw failure
    }
  }

  /// When this returns, the content is on stable storage under its final name.
  private func completeFile() async throws(StoreFailure) {
    let folder = store.folder
    let id = id
    let rest = gathered
    gathered = ByteBuffer()
    let before = await spill?.written.value()
    let done: OneShot<Result<DurableFile, FileFailure>> = store.files.start {
      do throws(FileFailure) {
        let file = if let before { try before.get() } else { try folder.create(id) }
        do throws(FileFailure) { try folder.complete(file, id, rest: rest) } catch {
          folder.removePart(id)
          throw error
        }
        return .success(file)
      } catch { return .failure(error) }
    }
    if case .failure(let failure) = await done.value() {
      isOver = true
      throw failure.storeFailure
    }
  }

  func abandon() async {
    guard !isOver else { return }
    isOver = true
    gathered = ByteBuffer()
    guard let spill else { return }
    let folder = store.folder
    let id = id
    guard case .success = await spill.written.value() else { return }
    _ = await store.files.start { folder.removePart(id) }.value()
  }

  private func discardLater() {
    let folder = store.folder
    let id = id
    let files = store.files
    spill?.written.whenFulfilled { result in
      if case .success = result { files.start { folder.removePart(id) } }
    }
  }
}
