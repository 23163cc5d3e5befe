import NIOConcurrencyHelpers
import NIOCore

/// How many recipients servers have taken in one transaction, where they took no more. So a mail for many is not first offered as a whole
/// and refused in its greater part each time, which some servers count as misbehaviour.
///
/// Bounded, and forgotten after an hour: a server may be set to take more.
final class RecipientLimits: Sendable {
  private static let maximumEntries = 1000
  private static let memory = TimeAmount.hours(1)

  private struct Entry {
    var limit: Int
    var end: NIODeadline
  }

  private let entries = NIOLockedValueBox<[ServerEndpoint.Place: Entry]>([:])

  func limit(at place: ServerEndpoint.Place) -> Int? {
    entries.withLockedValue { entries in
      guard let entry = entries[place] else { return nil }
      if entry.end > .now() { return entry.limit }
      entries[place] = nil
      return nil
    }
  }

  func learn(_ limit: Int, at place: ServerEndpoint.Place) {
    entries.withLockedValue { entries in
      if entries[place] == nil, entries.count >= Self.maximumEntries {
        let now = NIODeadline.now()
        entries = entries.filter { $0.value.end > now }
        if entries.count >= Self.maximumEntries, let any = entries.keys.first { entries[any] = nil }
      }
      entries[place] = Entry(limit: max(limit, 1), end: .now() + Self.memory)
    }
  }
}
