public import MTACore
import MTASystem
import NIOCore

extension MailStore {
  /// Content of the database is compared with its checksum before it is returned. Content of a file is compared whenever it is read to
  /// its end, before its last piece is given. So a reader never has all of a mail that does not match, and can complete nothing with it.
  /// Such a mail is held. A mail that this process accepted just now is given from memory.
  public func content(of id: MailID) async throws(StoreFailure) -> StoredContent {
    guard !core.isClosed else { throw .closed }
    if let content = core.fresh.takeContent(of: id) { return content }
    let row = try await core.reader.read { (database) throws(SQLiteFailure) in try database.content(of: id) }
    guard let row else { throw .failed("there is no mail \(id)") }
    if let content = row.content {
      guard content.readableBytes == row.size else {
        throw await missing(id, "its content has \(content.readableBytes) bytes instead of \(row.size)")
      }
      guard ContentCheck(of: content, behind: row.trace).fits(row.checksum) else { throw await core.damaged(id) }
      return StoredContent(trace: row.trace, content: content)
    }
    if row.isSettled, row.contentFile == nil { throw .failed("mail \(id) is done, its content is gone") }
    guard let name = row.contentFile else { throw await missing(id, "its content is missing") }
    guard ContentFolder.isOurs(name) else { throw await missing(id, "the name of its content file is none of ours") }
    let folder = core.folder
    switch await core.files.start({ folder.open(name) }).value() {
    case .failure(let failure):
      if failure.isNotFound { throw await missing(id, "its content file \(name) is missing") }
      if failure.isLink { throw await missing(id, "its content file \(name) is a symbolic link") }
      throw failure.storeFailure
    case .success(let (file, size)):
      guard size == row.size else {
        throw await missing(id, "its content file \(name) has \(size) bytes instead of \(row.size)")
      }
      return StoredContent(trace: row.trace, size: size, walk: core.walk(file, of: id, row))
    }
  }

  private func missing(_ id: MailID, _ reason: String) async -> StoreFailure {
    await core.hold(id, because: reason)
    return .failed("mail \(id): \(reason)")
  }
}

extension StoreCore {
  private static var pieceBytes: Int { 65_536 }

  /// Reads a file from its begin to its end, and compares it.
  func walk(_ file: DurableFile, of id: MailID, _ row: Database.StoredRow) -> StoredContent.Walk {
    { body in
      var check = ContentCheck()
      var offset = 0
      while offset < row.size {
        let (start, count) = (offset, min(Self.pieceBytes, row.size - offset))
        let piece: ByteBuffer
        switch await self.files.start({ file.part(from: start, upTo: count) }).value() {
        case .success(let bytes): piece = bytes
        case .failure(let failure): throw failure.storeFailure
        }
        guard piece.readableBytes > 0 else {
          throw StoreFailure.failed("content ended early at byte \(offset) of \(row.size)")
        }
        offset += piece.readableBytes
        check.add(piece)
        if offset == row.size, !check.finished(behind: row.trace).fits(row.checksum) { throw await self.damaged(id) }
        try await body(piece)
      }
    }
  }

  /// Holds the mail, and counts it if that was not known.
  func damaged(_ id: MailID) async -> StoreFailure {
    if await hold(id, because: ContentCheck.mismatch) { configuration.contentDamaged(id) }
    return .failed("mail \(id): \(ContentCheck.mismatch)")
  }
}

extension ContentFolder {
  /// An existing file, and its size.
  func open(_ name: String) -> Result<(DurableFile, Int), FileFailure> {
    do throws(FileFailure) {
      let file = try files.openOwnForReading(path + "/" + name, at: "content.open")
      return .success((file, try file.size(at: "content.open")))
    } catch { return .failure(error) }
  }
}

extension DurableFile {
  func part(from offset: Int, upTo length: Int) -> Result<ByteBuffer, FileFailure> {
    do throws(FileFailure) { return .success(try read(from: offset, upTo: length, at: "content.read")) } catch {
      return .failure(error)
    }
  }
}
