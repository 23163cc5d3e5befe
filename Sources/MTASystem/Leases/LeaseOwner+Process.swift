package import MTACore
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension LeaseOwner {
  private static let runs = NIOLockedValueBox<UInt32>(0)

  /// A new owner in this process, unlike every other.
  package static func ofThisProcess(at place: String) -> LeaseOwner {
    let number = runs.withLockedValue { runs in
      runs &+= 1
      return runs
    }
    return LeaseOwner(place: place, process: getpid(), mark: .random(in: 0 ... .max), runner: number)
  }
}
