/// The name of a header field as a key: ASCII letter case aside.
struct FieldName: Hashable {
  private let bytes: [UInt8]

  init(_ name: some Collection<UInt8>) { bytes = name.map(\.lowercased) }

  init(_ name: String) { self.init(name.utf8) }

  /// All bytes at once: an array hashes each by itself, and a mail asks for names a hundred times.
  func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}
