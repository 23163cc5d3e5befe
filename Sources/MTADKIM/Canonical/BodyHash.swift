import MTACrypto

/// Hashes a body in one canonical form, once for all signatures that want it, whatever their `l=`.
struct BodyHash {
  private var canonicalizer: BodyCanonicalizer
  private var digests: PrefixDigests

  /// - Parameter lengths: the `l=` of which digests will be wanted.
  init(_ canonicalization: DKIMCanonicalization, lengths: [Int] = []) {
    canonicalizer = BodyCanonicalizer(canonicalization)
    digests = PrefixDigests(lengths: lengths)
  }

  mutating func update(_ piece: Span<UInt8>) { canonicalizer.update(piece, into: &digests) }

  /// The body is complete.
  mutating func finish() { canonicalizer.finish(into: &digests) }

  /// Bytes of the canonical body.
  var byteCount: Int { digests.byteCount }

  /// The digest of the first `length` bytes, or of all; nil when there are not so many.
  func digest(length: Int?) -> [UInt8]? {
    guard let length else { return digests.whole }
    return digests.prefixes[length]
  }
}

/// SHA-256 of all that comes, and of its beginnings of given lengths.
struct PrefixDigests: CanonicalSink {
  private var hash = SHA256()
  private(set) var byteCount = 0
  /// Lengths not reached yet, the shortest last.
  private var lengths: [Int]
  private(set) var prefixes: [Int: [UInt8]] = [:]

  init(lengths: [Int]) {
    self.lengths = Set(lengths).sorted(by: >)
    if self.lengths.last == 0 { recordPrefix() }
  }

  var whole: [UInt8] { hash.digest() }

  mutating func take(_ bytes: Span<UInt8>) {
    var start = 0
    while let length = lengths.last, length - byteCount <= bytes.count - start {
      let end = start + length - byteCount
      hash.update(bytes.extracting(start..<end))
      byteCount = length
      start = end
      recordPrefix()
    }
    hash.update(bytes.extracting(start..<bytes.count))
    byteCount += bytes.count - start
  }

  private mutating func recordPrefix() {
    prefixes[byteCount] = hash.digest()
    lengths.removeLast()
  }
}
