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

  /// Gives back what is not under way, and keeps the other leases while a run ends that may take its time.
  func keepLeases() async -> Task<Void, Never> {
    do throws(StoreFailure) {
      _ = try await environment.queue.releaseLeases(of: owner) { [work] in work.withLockedValue { Array($0.leased) } }
    } catch { environment.logger.error("leases cannot be released", metadata: ["reason": "\(error)"]) }
    return Task.detached {
      let pause = self.environment.configuration.lease / 3
      while !Task.isCancelled {
        do { try await self.environment.pacer.wait(pause, .leaseLook) } catch { return }
        do throws(StoreFailure) { try await self.renewLeases() } catch {
          self.environment.logger.error("leases cannot be renewed", metadata: ["reason": "\(error)"])
        }
      }
    }
  }
}
