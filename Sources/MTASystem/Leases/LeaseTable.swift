public import MTACore
import NIOConcurrencyHelpers

/// The owners of leases in a queue that this process alone uses, such as one in memory. All others are dead.
public final class LeaseTable: LeaseRegistry {
  private let owners = NIOLockedValueBox<Set<LeaseOwner>>([])

  public init() {}

  public func enter() throws(StoreFailure) -> LeaseOwner {
    let owner = LeaseOwner.ofThisProcess(at: "memory")
    owners.withLockedValue { _ = $0.insert(owner) }
    return owner
  }

  public func leave(_ owner: LeaseOwner) { owners.withLockedValue { _ = $0.remove(owner) } }

  public func isAlive(_ owner: LeaseOwner) -> Bool { owners.withLockedValue { $0.contains(owner) } }
}
