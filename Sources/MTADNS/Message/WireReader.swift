package import MTACore

/// Reads a packet from front to back, never beyond its end. A read beyond the end throws, and never traps.
package struct WireReader {
  package let bytes: [UInt8]
  package private(set) var position: Int
  /// Where reading stops: the end of the packet, or of a record's data.
  private let end: Int

  package init(_ bytes: [UInt8], from position: Int = 0) {
    self.bytes = bytes
    self.position = min(max(position, 0), bytes.count)
    end = bytes.count
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  package var remaining: Int { end - position }

  package mutating func octet() throws(DNSMessage.Fault) -> UInt8 {
    guard position < end else { throw .short }
    defer { position += 1 }
    return bytes[position]
  }

  package mutating func number16() throws(DNSMessage.Fault) -> UInt16 {
    UInt16(try octet()) << 8 | UInt16(try octet())
  }

  package mutating func number32() throws(DNSMessage.Fault) -> UInt32 {
    UInt32(try number16()) << 16 | UInt32(try number16())
  }

  package mutating func octets(_ count: Int) throws(DNSMessage.Fault) -> [UInt8] {
    guard count >= 0, count <= remaining else { throw .short }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  /// A reader of the next `count` octets. This reader skips them.
  package mutating func part(_ count: Int) throws(DNSMessage.Fault) -> WireReader {
    guard count >= 0, count <= remaining else { throw .short }
    defer { position += count }
    return WireReader(bytes, position..<position + count)
  }

  /// Skips a name without following its pointer.
  package mutating func skipName() throws(DNSMessage.Fault) {
    var length = 0
    while true {
      let head = try octet()
      switch head {
      case 0: return
      case 0xc0...:
        _ = try octet()
        return
      case 1...63:
        length += Int(head) + 1
        guard length < 255, Int(head) <= remaining else { throw .name }
        position += Int(head)
      default: throw .name
      }
    }
  }

  /// Reads a name, following compression pointers (RFC 1035 §4.1.4).
  ///
  /// Each pointer must lead to a place before the labels that it ends, so a chain always ends. A name costs at most 255 octets and 32
  /// jumps. So the work for a packet grows no faster than its size.
  package mutating func name() throws(DNSMessage.Fault) -> DNSName {
    var labels: [[UInt8]] = []
    var length = 1
    var jumps = 0
    var cursor = position
    var start = position
    var limit = end
    while true {
      guard cursor < limit else { throw .short }
      let head = bytes[cursor]
      cursor += 1
      switch head {
      case 0:
        if jumps == 0 { position = cursor }
        if labels.isEmpty { return .root }
        guard let name = DNSName(labels: labels) else { throw .name }
        return name
      case 0xc0...:
        guard cursor < limit else { throw .short }
        let target = Int(head & 0x3f) << 8 | Int(bytes[cursor])
        if jumps == 0 { position = cursor + 1 }
        jumps += 1
        // The header holds no names.
        guard target < start, target >= DNSMessage.headerSize, jumps <= 32 else { throw .name }
        limit = start
        start = target
        cursor = target
      case 1...63:
        length += Int(head) + 1
        guard length <= 255 else { throw .name }
        guard Int(head) <= limit - cursor else { throw .short }
        labels.append(Array(bytes[cursor..<cursor + Int(head)]))
        cursor += Int(head)
      // RFC 6891 §5: no other kinds of label are left.
      default: throw .name
      }
    }
  }
}
