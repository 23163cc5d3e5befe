package import MTACore

/// A line of a dialogue as `trace` shows it: with its time, and cut.
package struct TracedLine: Hashable, Sendable {
  /// Octets of the text, at most. Commands and replies that are in order are shorter.
  package static let maximumOctets = 1000

  package let at: Timestamp
  package let line: DialogueLine

  package init(at: Timestamp, _ line: DialogueLine) {
    self.at = at
    self.line = line.text.utf8.count > Self.maximumOctets ? line.cut(to: Self.maximumOctets) : line
  }
}
