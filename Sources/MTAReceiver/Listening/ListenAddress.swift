public import MTACore
import NIOCore

/// Where to listen (S1): `PORT` (all addresses, IPv4 and IPv6), `IPv4:PORT`, `IPv6/PORT` or `[IPv6]:PORT`.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
  /// Nil: all addresses.
  public var address: IPAddress?
  /// 0 lets the system choose.
  public var port: UInt16

  public init(_ address: IPAddress?, port: UInt16) {
    self.address = address
    self.port = port
  }

  public init?(_ text: String) {
    func number(_ text: Substring) -> UInt16? {
      guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
      return UInt16(text)
    }
    if let port = number(text[...]) {
      self.init(nil, port: port)
      return
    }
    let separator: Character = text.contains("/") ? "/" : ":"
    guard let cut = text.lastIndex(of: separator), let port = number(text[text.index(after: cut)...]) else {
      return nil
    }
    var host = text[..<cut]
    if host.hasPrefix("["), host.hasSuffix("]"), separator == ":" {
      host = host.dropFirst().dropLast()
      guard let address = IPAddress(String(host)), host.contains(":") else { return nil }
      self.init(address, port: port)
    } else {
      guard let address = IPAddress(String(host)), host.contains(":") == (separator == "/") else { return nil }
      self.init(address, port: port)
    }
  }

  public var description: String {
    switch address {
    case nil: "\(port)"
    case .v4(let bits)?: "\(IPAddress.v4(bits)):\(port)"
    case let six?: "[\(six)]:\(port)"
    }
  }
}
