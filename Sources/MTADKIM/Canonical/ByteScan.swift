/// The two searches by which a body is walked, sixteen bytes at a time: most of a body is text that stays as it is, and the faster it
/// is passed over, the less a signature costs beside its digest.
extension Span<UInt8> {
  /// The first byte from `start` on at which relaxed canonical form may differ from the text: a tab, or a byte up to 32 with another
  /// behind it, among which are runs of blanks, blanks before a line end, and line ends. A single blank between words is
  /// passed over. Near the end, where the next byte may be out of sight, any byte up to 32. `count` when there is none.
  func firstUnsettled(from start: Int) -> Int {
    let space = SIMD16<UInt8>(repeating: 32)
    let tab = SIMD16<UInt8>(repeating: 9)
    var index = start
    while index + 16 < count {
      let here = sixteen(at: index)
      let hits = ((here .<= space) .& (sixteen(at: index + 1) .<= space)) .| (here .== tab)
      if let offset = hits.firstTrue { return index + offset }
      index += 16
    }
    while index < count, self[index] > 32 { index += 1 }
    return index
  }

  /// The first CR from `start` on; `count` when there is none.
  func firstReturn(from start: Int) -> Int {
    let carriageReturn = SIMD16<UInt8>(repeating: 13)
    var index = start
    while index + 15 < count {
      let hits = sixteen(at: index) .== carriageReturn
      if let offset = hits.firstTrue { return index + offset }
      index += 16
    }
    while index < count, self[index] != 13 { index += 1 }
    return index
  }

  /// Bounds are checked by the span, and any sixteen bytes are a vector.
  @inline(__always)
  private func sixteen(at index: Int) -> SIMD16<UInt8> {
    bytes.unsafeLoadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
  }
}

extension SIMDMask<SIMD16<Int8>> {
  /// The index of the first lane that is true.
  @inline(__always)
  fileprivate var firstTrue: Int? {
    // A lane of a mask is a byte of all ones or all zeros, and the cast is between types of sixteen bytes.
    let halves = unsafeBitCast(self, to: SIMD2<UInt64>.self)
    if halves[0] | halves[1] == 0 { return nil }
    let low = UInt64(littleEndian: halves[0])
    return low != 0 ? low.trailingZeroBitCount / 8 : 8 + UInt64(littleEndian: halves[1]).trailingZeroBitCount / 8
  }
}
