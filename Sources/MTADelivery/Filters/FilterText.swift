/// A filter's text, made fit for headers, messages and logs.
enum FilterText {
  /// One printable line. Other octets become `?`, and text beyond the limit is cut.
  static func line(_ text: String, limit: Int) -> String {
    String(decoding: text.utf8.prefix(limit).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }

  /// The name of a test: letters, digits and `_-.:` of at most 64; others become `_`.
  static func testName(_ text: some Collection<UInt8>) -> String {
    let octets = text.prefix(64).map { byte -> UInt8 in
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"): byte
      default: UInt8(ascii: "_")
      }
    }
    return String(decoding: octets, as: UTF8.self)
  }

  /// With two digits behind the point.
  static func points(_ value: Double) -> String {
    guard value.isFinite, abs(value) <= FilterOpinion.maximumPoints else { return "0.00" }
    let hundredths = Int((abs(value) * 100).rounded())
    let rest = hundredths % 100
    return (value < 0 && hundredths > 0 ? "-" : "") + "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
