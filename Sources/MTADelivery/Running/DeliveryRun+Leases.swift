import Logging
import MTACore
import MTASystem
import NIOConcurrencyHelpers

/// Leases: of runners that died, of ours that we do not know of, of ours that need renewal.
extension DeliveryRun {
  func releaseLeasesOfTheDead() async throws(StoreFailure) {
    let (shares, place) = (environment.configuration.sharesQueue, owner.place)
    let registry = environment.queue.leaseRegistry
    let released = try await environment.queue.releaseLeases { owner in
      if shares, owner.place != place { return true }
      return registry.isAlive(owner)
    }
    if released > 0 {
      environment.logger.notice("leases of dead runners released", metadata: ["parcels": "\(released)"])
      bell.ring()
    }
  }

  /// Releases leases of dead runners, notices changes of other processes, and renews our leases. Call it every
  /// ``LanePolicy/leaseLook``.
  func lookAfterLeases(_ watch: inout QueueWatch, after pause: Duration) async {
    do throws(StoreFailure) {
      try await releaseLeasesOfTheDead()
      if watch.isNew(try await environment.queue.changeNumber()) { bell.ring() }
      let isRenewal = watch.isRenewal(after: pause, lease: environment.configuration.lease)
      // A mail that could neither be read nor held is not heard of otherwise.
      if isRenewal { watch.hasLostTrack = true }
      if watch.hasLostTrack {
        try await recount()
        watch.hasLostTrack = false
      }
      guard isRenewal else { return }
      try await renewLeases()
      watch.renewed()
    } catch { environment.logger.error("leases cannot be checked or renewed", metadata: ["reason": "\(error)"]) }
  }

  /// Releases parcels that are leased to us without our knowing.
  private func recount() async throws(StoreFailure) {
    work.withLockedValue { $0.phase = .counting }
    defer { work.withLockedValue { $0.phase = .working } }
    let count = try await environment.queue.releaseLeases(of: owner) { [work] in
      work.withLockedValue { Array($0.leased) }
    }
    if count > 0 { environment.logger.notice("leases found again", metadata: ["parcels": "\(count)"]) }
    bell.ring()
  }

  private func renewLeases() async throws(StoreFailure) {
    let parcels = work.withLockedValue { Array($0.leased) }
    guard !parcels.isEmpty else { return }
    let deadline = environment.clock.now + environment.configuration.lease
    try await environment.queue.renew(parcels, by: owner, deadline: deadline)
  }
}
