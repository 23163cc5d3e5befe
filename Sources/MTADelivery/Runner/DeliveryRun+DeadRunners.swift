import Logging
import MTACore

extension DeliveryRun {
  /// Looks now and then for runners that died beside this one, such as a `run-queue` that was killed: what they had leased is due
  /// at once.
  func watchForTheDead() -> Task<Void, Never> {
    let pause = environment.configuration.deadRunnerPause
    let bell = bell
    return Task {
      while !Task.isCancelled {
        do { try await Task.sleep(for: pause) } catch { return }
        do throws(StoreFailure) { if try await releaseLeasesOfTheDead() > 0 { bell.yield() } } catch {
          environment.logger.error("leases of dead runners cannot be released", metadata: ["reason": "\(error)"])
        }
      }
    }
  }
}
