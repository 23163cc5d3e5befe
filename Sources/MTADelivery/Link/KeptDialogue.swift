import MTASystem
import NIOConcurrencyHelpers

/// Lines of a dialogue with a server, for the event of the attempt. A worker has one.
final class KeptDialogue: Sendable {
  /// Of one attempt, at most: the first.
  private static let most = 60
  private static let octets = 500

  private let lines = NIOLockedValueBox<[String]>([])

  func add(_ line: DialogueLine) {
    lines.withLockedValue { lines in
      guard lines.count < Self.most else { return }
      let text =
        line.text.utf8.count > Self.octets ? String(line.text.unicodeScalars.prefix(Self.octets / 4)) : line.text
      lines.append("\(line.side.rawValue): \(text)")
    }
  }

  /// What was said since the last call.
  func take() -> [String] {
    lines.withLockedValue { lines in
      defer { lines = [] }
      return lines
    }
  }
}
