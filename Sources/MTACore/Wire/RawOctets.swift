/// Looks for octets eight at a time: this is what every byte of every mail goes through.
extension UnsafeRawBufferPointer {
  /// The place of the next CR or LF at or behind `start`, or the end.
  package func nextLineControl(from start: Int) -> Int {
    var index = start
    while index + 8 <= count {
      let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: index, as: UInt64.self))
      // Subtracting 14 from each byte borrows into the top bit of those below it; the lowest such bit is exact.
      let below14 = (word &- 0x0e0e_0e0e_0e0e_0e0e) & ~word & 0x8080_8080_8080_8080
      guard below14 != 0 else {
        index += 8
        continue
      }
      index += below14.trailingZeroBitCount / 8
      if self[index] == 13 || self[index] == 10 { return index }
      index += 1
    }
    while index < count, self[index] != 13, self[index] != 10 { index += 1 }
    return index
  }

  /// The place of the next LF at or behind `start`, or the end.
  func nextLineFeed(from start: Int) -> Int {
    var index = start
    while index + 8 <= count {
      // Zero where the octet is a LF; of the bits that show it the lowest is exact.
      let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ 0x0a0a_0a0a_0a0a_0a0a
      let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      if zeros != 0 { return index + zeros.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < count, self[index] != 10 { index += 1 }
    return index
  }

  /// Whether `octets` stand first.
  func begins(_ octets: [UInt8]) -> Bool {
    guard count >= octets.count else { return false }
    return octets.withUnsafeBytes { octets in
      var index = 0
      while index + 8 <= octets.count {
        guard
          loadUnaligned(fromByteOffset: index, as: UInt64.self)
            == octets.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        else { return false }
        index += 8
      }
      while index < octets.count {
        guard self[index] == octets[index] else { return false }
        index += 1
      }
      return true
    }
  }
}
