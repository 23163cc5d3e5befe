public import MTACore
import MTASystem

extension MailStore {
  /// Rows of one read, so that a long queue keeps other readers waiting for some milliseconds at most.
  private static let rowsAtOnce: Int64 = 10_000

  /// It walks over all rows, those of finished mails among them, in parts between which others read.
  public func queueCensus(at now: Timestamp) async throws(StoreFailure) -> QueueCensus {
    guard !core.isClosed else { throw .closed }
    var census = QueueCensus()
    let ends = try await core.reader.read { (database) throws(SQLiteFailure) in try database.parcelNumbers() }
    guard let ends else { return census }
    var first = ends.lowerBound
    while true {
      let (start, counted) = (first, census)
      let (last, isLast) = first.addingReportingOverflow(Self.rowsAtOnce - 1)
      census = try await core.reader.read { (database) throws(SQLiteFailure) in
        try database.counted(start...(isLast ? .max : last), into: counted, at: now)
      }
      if isLast || last >= ends.upperBound { return census }
      first = last + 1
    }
  }

  /// Writes to the database, with a sync, and makes and removes a file in the queue folder.
  public func proveWritable() async throws(StoreFailure) {
    guard !core.isClosed else { throw .closed }
    try await core.write { (database) throws(SQLiteFailure) in try database.rewriteHead() }
    let folder = core.folder
    let proof = await core.files.start { () -> Result<Void, FileFailure> in
      do throws(FileFailure) { return .success(try folder.proveWritable()) } catch { return .failure(error) }
    }.value()
    if case .failure(let failure) = proof { throw failure.storeFailure }
  }
}
