public import MTACore
public import NIOCore

/// What an operator does to a queue, with or without a running server. As root these become the user of the settings: see
/// ``MailServer/runQueue(_:_:)``.
///
/// All throw ``StartFailure`` when the queue cannot be opened, and `StoreFailure` when it cannot be read, or when nothing was changed.
extension MailServer {
  /// Goes through the selected copies that are not done, oldest first.
  ///
  /// - Throws: also the errors of `body`.
  public static func listQueue(
    _ settings: Settings, _ parts: Parts = Parts(), _ selection: QueueSelection = QueueSelection(),
    _ body: (QueueEntry) throws -> Void
  ) async throws {
    try await withStore(settings, parts) { store in
      var last: ParcelID?
      repeat {
        let page = try await store.list(selection, after: last, limit: pageSize)
        for entry in page { try body(entry) }
        last = page.count < pageSize ? nil : page.last?.parcel
      } while last != nil
    }
  }

  /// Changes the selected copies, a page at a time. A running server sees it within seconds. What is done when this is broken off stays
  /// done.
  ///
  /// ```swift
  /// var late = QueueSelection()
  /// late.domains = ["example.com"]
  /// let done = try await MailServer.changeQueue(.retry, late, settings)
  /// print("\(done.changed) copies are due now, \(done.underWay) are under way")
  /// ```
  ///
  /// - Parameter progress: called after each page, with the sums so far.
  /// - Returns: the sums.
  @discardableResult
  public static func changeQueue(
    _ change: QueueChange, _ selection: QueueSelection, _ settings: Settings, _ parts: Parts = Parts(),
    progress: (QueueChangePage) -> Void = { _ in }
  ) async throws -> QueueChangePage {
    let log = OperatorLog(settings, parts)
    let sum = try await withStore(settings, parts) { store in
      // What a runner had that was killed is under way no more.
      let registry = store.leaseRegistry
      _ = try await store.releaseLeases { registry.isAlive($0) }
      var sum = QueueChangePage()
      repeat {
        let page = try await store.change(change, selection, after: sum.last, limit: pageSize)
        sum.changed += page.changed
        sum.underWay += page.underWay
        sum.last = page.last
        progress(sum)
      } while sum.last != nil
      return sum
    }
    log.tell(change, of: selection.mails, sum.changed)
    return sum
  }

  /// A mail with all of its copies, those that are done among them; nil if there is no such mail.
  public static func queuedMail(
    _ id: MailID, _ settings: Settings, _ parts: Parts = Parts()
  ) async throws -> QueuedMail? {
    try await withStore(settings, parts) { try await $0.queuedMail(id) }
  }

  /// Reads a mail as it is delivered, piece by piece: the fields that were added, then the content. Line ends are CR LF. Signatures and
  /// what is added for single recipients are not in it.
  ///
  /// - Throws: also the errors of `body`; `StoreFailure` if the mail is not there, or if it is done.
  public static func readMail(
    _ id: MailID, _ settings: Settings, _ parts: Parts = Parts(), _ body: @Sendable (ByteBuffer) throws -> Void
  ) async throws {
    try await withStore(settings, parts) { store in
      let content = try await store.content(of: id)
      // Once to its end: nothing is shown of a mail that does not match its checksum.
      try await content.forEachPiece { _ in }
      try body(content.trace)
      try await content.forEachPiece { try body($0) }
    }
  }

  /// How many copies are looked at in one step.
  private static let pageSize = 1000

  /// Opens the queue alone. It needs no certificate and no key.
  static func withStore<Value>(
    _ settings: Settings, _ parts: Parts, _ body: (any ServerStore) async throws -> Value
  ) async throws -> Value {
    try CommandIdentity.take(settings, parts)
    let log = LineLog.Sink()
    let store = try OpenStore(settings, parts) { log.write("\($0)\n") }.store
    let result: Result<Value, any Error>
    do { result = .success(try await body(store)) } catch { result = .failure(error) }
    await store.close()
    return try result.get()
  }
}
