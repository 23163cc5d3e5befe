import Testing

/// What strangers can make us read costs what it is long: every reader of foreign bytes, with what is known to make readers work.
/// One after the other, for they measure.
@Suite(.serialized) struct GrowthTests {
  /// The rule itself: it must tell the square from the line, or it would hold nothing.
  @Test func theRuleRefusesTheSquareAndTakesTheLine() throws {
    func octets(_ count: Int) -> [UInt8] { [UInt8](repeating: 1, count: count) }
    let line = try Growth(what: "a line").measure(octets) { bytes in
      var sum = 0
      for byte in bytes { sum &+= Int(byte) }
      precondition(sum == bytes.count)
    }
    #expect(line == .linear)
    let square = try Growth(what: "a square", floor: 100_000, first: 128).measure(octets) { bytes in
      var sum = 0
      for end in bytes.indices { for index in stride(from: 0, to: end, by: 16) { sum &+= Int(bytes[index]) } }
      precondition(sum > 0)
    }
    guard case .steeper = square else {
      Issue.record("the square was taken for \(square)")
      return
    }
    #expect(try Growth(what: "nothing").measure(upTo: 4096, octets) { _ in } == .bounded)
  }
}
