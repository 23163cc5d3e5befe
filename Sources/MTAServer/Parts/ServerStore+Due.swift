import MTACore

extension ServerStore {
  /// The copies that a run of the queue would deliver now.
  ///
  /// - Throws: when the queue cannot be read.
  func dueCount(at now: Timestamp) async throws(StoreFailure) -> Int {
    var (count, last): (Int, ParcelID?) = (0, nil)
    let size = 1000
    repeat {
      let page = try await list(QueueSelection(), after: last, limit: size)
      count += page.count { !$0.isHeld && $0.nextTry.map { $0 <= now } ?? false }
      last = page.count < size ? nil : page.last?.parcel
    } while last != nil
    return count
  }
}
