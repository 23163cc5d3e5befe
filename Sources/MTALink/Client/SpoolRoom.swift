import NIOConcurrencyHelpers

/// The memory that the arriving mails of a process may use together.
final class SpoolRoom: Sendable {
  private let limit: Int
  private let used = NIOLockedValueBox(0)

  init(limit: Int) { self.limit = limit }

  /// False: there is no room for so many bytes.
  func take(_ bytes: Int) -> Bool {
    used.withLockedValue { used in
      let (sum, overflow) = used.addingReportingOverflow(bytes)
      guard !overflow, sum <= limit else { return false }
      used = sum
      return true
    }
  }

  func giveBack(_ bytes: Int) { used.withLockedValue { $0 -= bytes } }

  var inUse: Int { used.withLockedValue { $0 } }
}
