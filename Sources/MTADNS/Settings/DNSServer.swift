public import MTACore

/// The address and port of a name server.
public struct DNSServer: Hashable, Sendable, CustomStringConvertible {
  public var address: IPAddress
  public var port: UInt16

  public init(_ address: IPAddress, port: UInt16 = 53) {
    self.address = address
    self.port = port
  }

  /// Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`; port 53 unless told. An address, not a name:
  /// nobody could be asked for it yet.
  public init?(_ text: String) {
    if let address = IPAddress(text) {
      self.init(address)
      return
    }
    let bytes = Array(text.utf8)
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else {
      guard let address = Self.bracketed(bytes[...]) else { return nil }
      self.init(address)
      return
    }
    let digits = bytes[(colon + 1)...]
    if digits.last == UInt8(ascii: "]"), let address = Self.bracketed(bytes[...]) {
      self.init(address)
      return
    }
    guard (1...5).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }),
      let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0
    else { return nil }
    let host = bytes[..<colon]
    if let address = Self.bracketed(host) {
      self.init(address, port: port)
    } else if !host.contains(UInt8(ascii: ":")), let address = IPAddress(String(decoding: host, as: UTF8.self)) {
      self.init(address, port: port)
    } else {
      return nil
    }
  }

  public var description: String {
    if case .v6 = address { return "[\(address)]:\(port)" }
    return "\(address):\(port)"
  }

  private static func bracketed(_ bytes: ArraySlice<UInt8>) -> IPAddress? {
    guard bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") else { return nil }
    return IPAddress(String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self))
  }
}
