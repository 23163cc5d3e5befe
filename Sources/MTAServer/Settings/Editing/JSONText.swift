#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The text of a JSON object that people write, and the places of its members. One can be changed, and all else stays as it was written:
/// order, lines and blanks.
struct JSONText: Hashable, Sendable {
  private(set) var bytes: [UInt8]

  /// A member of an object.
  struct Member: Hashable, Sendable {
    var name: String
    /// From its first quote.
    var start: Int
    var value: Range<Int>
  }

  /// - Throws: the first fault. The text must be one object.
  init(_ bytes: [UInt8]) throws(JSONCheck.Fault) {
    try JSONCheck.check(bytes)
    self.bytes = bytes
  }

  /// The whole object.
  var object: Range<Int> {
    let start = bytes.firstIndex(of: UInt8(ascii: "{")) ?? 0
    return start..<end(of: start)
  }

  /// The members of the object that stands at a place, in their order; nil if another value stands there.
  func members(of object: Range<Int>) -> [Member]? {
    guard byte(object.lowerBound) == UInt8(ascii: "{") else { return nil }
    var members: [Member] = []
    var index = blanksEnd(object.lowerBound + 1)
    while byte(index) == UInt8(ascii: "\"") {
      let start = index
      let nameEnd = end(of: start)
      // A colon is behind the name.
      let valueStart = blanksEnd(blanksEnd(nameEnd) + 1)
      let value = valueStart..<end(of: valueStart)
      members.append(Member(name: text(start..<nameEnd) ?? "", start: start, value: value))
      index = blanksEnd(value.upperBound)
      if byte(index) == UInt8(ascii: ",") { index = blanksEnd(index + 1) }
    }
    return members
  }

  /// The text that a value is; nil if it is none.
  func text(_ value: Range<Int>) -> String? {
    guard byte(value.lowerBound) == UInt8(ascii: "\"") else { return nil }
    let list = [UInt8(ascii: "[")] + bytes[value] + [UInt8(ascii: "]")]
    return (try? JSONDecoder().decode([String].self, from: Data(list)))?.first
  }

  mutating func replace(_ value: Range<Int>, by new: [UInt8]) { bytes.replaceSubrange(value, with: new) }

  /// Adds a member behind the last one, in the form that this one has.
  mutating func append(_ name: String, _ value: [UInt8], to object: Range<Int>) {
    let new = Self.quoted(name) + Array(": ".utf8) + value
    let members = members(of: object) ?? []
    guard let last = members.last else {
      let indent = indent(at: object.lowerBound)
      let lines = Array("{\n".utf8) + indent + Array("  ".utf8) + new + [10] + indent + [UInt8(ascii: "}")]
      return bytes.replaceSubrange(object, with: lines)
    }
    // What stands between the last member and what is before it.
    let before = bytes[..<last.start]
    let start = before.lastIndex { ![32, 9, 10, 13].contains($0) }.map { $0 + 1 } ?? last.start
    let blanks = start == last.start ? [32] : Array(bytes[start..<last.start])
    bytes.insert(contentsOf: [UInt8(ascii: ",")] + blanks + new, at: last.value.upperBound)
  }

  mutating func remove(_ member: Member, from object: Range<Int>) {
    let members = members(of: object) ?? []
    guard let place = members.firstIndex(of: member) else { return }
    if members.count == 1 {
      bytes.removeSubrange((object.lowerBound + 1)..<(object.upperBound - 1))
    } else if place == members.count - 1 {
      bytes.removeSubrange(members[place - 1].value.upperBound..<member.value.upperBound)
    } else {
      bytes.removeSubrange(member.start..<members[place + 1].start)
    }
  }

  static func quoted(_ text: String) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    guard let list = try? encoder.encode([text]) else { return Array("\"\"".utf8) }
    return Array(list.dropFirst().dropLast())
  }

  // MARK: Scanning. The text is known to be JSON.

  private func byte(_ index: Int) -> UInt8? { bytes.indices.contains(index) ? bytes[index] : nil }

  private func blanksEnd(_ start: Int) -> Int {
    var index = start
    while let next = byte(index), [32, 9, 10, 13].contains(next) { index += 1 }
    return index
  }

  /// Behind the value that begins at a place.
  private func end(of start: Int) -> Int {
    var index = start
    var depth = 0
    while let next = byte(index) {
      switch next {
      case UInt8(ascii: "\""):
        index += 1
        while let inner = byte(index), inner != UInt8(ascii: "\"") {
          index += inner == UInt8(ascii: "\\") ? 2 : 1
        }
        index += 1
        if depth == 0 { return index }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        index += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        // A number or word ends before the end of what it is in.
        if depth == 0 { return index }
        depth -= 1
        index += 1
        if depth == 0 { return index }
      case UInt8(ascii: ","), 32, 9, 10, 13:
        if depth == 0 { return index }
        index += 1
      default: index += 1
      }
    }
    return bytes.count
  }

  /// The blanks at the beginning of the line.
  private func indent(at place: Int) -> [UInt8] {
    let start = bytes[..<place].lastIndex(of: 10).map { $0 + 1 } ?? 0
    return Array(bytes[start...].prefix { $0 == 32 || $0 == 9 })
  }
}
