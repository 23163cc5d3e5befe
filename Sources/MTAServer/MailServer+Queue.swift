public import MTACore

/// What an operator does to a queue, beside a server that runs or without one.
extension MailServer {
  /// Goes through the copies that are not done, in the order in which they came.
  ///
  /// - Throws: ``StartFailure`` when the queue cannot be opened, `StoreFailure` when it cannot be read; what `body` throws.
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

  /// Makes what is held of a mail due at once, with a whole ``Settings/queueLifetime`` before it. A server that runs delivers it
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

  /// Sets what is not done of a mail aside, until ``release(_:_:)``. A delivery under way is not stopped.
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

  /// The queue alone: no certificate and no key is needed to look at it.
  private static func openStore(_ settings: Settings, _ parts: Parts) throws(StartFailure) -> any ServerStore {
    let log = LineLog.Sink()
    return try OpenStore(settings, parts) { log.write("\($0)\n") }.store
  }
}
