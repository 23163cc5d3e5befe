public import MTACore

/// What an operator does to a queue, with or without a running server. As root these become the user of the settings: see
/// ``MailServer/runQueue(_:_:)``.
extension MailServer {
  /// Goes through the copies that are not done, oldest first.
  ///
  /// - Throws: ``StartFailure`` when the queue cannot be opened, `StoreFailure` when it cannot be read, and the errors of `body`.
  public static func listQueue(
    _ settings: Settings, _ parts: Parts = Parts(), heldOnly: Bool = false, _ body: (QueueEntry) throws -> Void
  ) async throws {
    let store = try openStore(settings, parts)
    do {
      var last: ParcelID?
      repeat {
        let page = try await store.list(heldOnly: heldOnly, after: last, limit: 1000)
        for entry in page { try body(entry) }
        last = page.last?.parcel
      } while last != nil
      await store.close()
    } catch {
      await store.close()
      throw error
    }
  }

  /// Makes the held copies of a mail due at once, with a whole ``Settings/queueLifetime`` before them. A running server delivers them
  /// within seconds.
  ///
  /// - Returns: how many copies; nil when there is no such mail.
  /// - Throws: ``StartFailure`` when the queue cannot be opened, `StoreFailure` when nothing was changed.
  public static func release(_ id: MailID, _ settings: Settings, _ parts: Parts = Parts()) async throws -> Int? {
    let store = try openStore(settings, parts)
    let count: Result<Int?, StoreFailure>
    do throws(StoreFailure) { count = .success(try await store.release(id)) } catch { count = .failure(error) }
    await store.close()
    return try count.get()
  }

  /// Holds the copies of a mail that are not done, until ``release(_:_:)``. A delivery under way is not stopped.
  ///
  /// - Returns: how many copies are held; nil when there is no such mail.
  /// - Throws: ``StartFailure`` when the queue cannot be opened, `StoreFailure` when nothing was changed.
  public static func hold(
    _ id: MailID, because reason: String, _ settings: Settings, _ parts: Parts = Parts()
  ) async throws -> Int? {
    let store = try openStore(settings, parts)
    let count: Result<Int?, StoreFailure>
    do throws(StoreFailure) { count = .success(try await store.hold(id, because: reason)) } catch {
      count = .failure(error)
    }
    await store.close()
    return try count.get()
  }

  /// The queue alone. It needs no certificate and no key.
  private static func openStore(_ settings: Settings, _ parts: Parts) throws(StartFailure) -> any ServerStore {
    try CommandIdentity.take(settings, parts)
    let log = LineLog.Sink()
    return try OpenStore(settings, parts) { log.write("\($0)\n") }.store
  }
}
