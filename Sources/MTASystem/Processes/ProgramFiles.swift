import NIOCore

extension LaunchOrder {
  /// This program, its libraries and its loader: what a child must be able to execute so that it can start the program again. Only an
  /// acceptor does; others have their libraries before their rights are taken.
  package static var programPaths: [String] {
    var paths: Set<String> = ["/proc/self/exe"]
    for line in maps().split(separator: UInt8(ascii: "\n")) {
      // proc(5): `55d0-55e0 r-xp 00001000 08:01 131 /usr/sbin/mta`
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5, omittingEmptySubsequences: true)
      guard fields.count == 6, fields[1].contains(UInt8(ascii: "x")) else { continue }
      let path = fields[5].drop { $0 == UInt8(ascii: " ") }
      if path.first == UInt8(ascii: "/") { paths.insert(String(decoding: path, as: UTF8.self)) }
    }
    return paths.sorted()
  }

  private static func maps() -> [UInt8] {
    guard let file = try? DurableFiles().openForReading("/proc/self/maps", at: "launch.maps") else { return [] }
    var bytes: [UInt8] = []
    // Some hundred lines; a bound for odd programs.
    while bytes.count < 1 << 22, let part = try? file.read(from: bytes.count, upTo: 1 << 16, at: "launch.maps"),
      part.readableBytes > 0
    {
      bytes += part.readableBytesView
    }
    return bytes
  }
}
