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
  private var hash = GatheredDigest()
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
    hash.update(start == 0 ? bytes : bytes.extracting(start..<bytes.count))
    byteCount += bytes.count - start
  }

  mutating func take(_ byte: UInt8) {
    guard lengths.isEmpty else { return take(CollectionOfOne(byte).span) }
    hash.update(byte)
    byteCount += 1
  }

  private mutating func recordPrefix() {
    prefixes[byteCount] = hash.digest()
    lengths.removeLast()
  }
}

/// SHA-256 of pieces of which many are a word long: where each of them changes on the way to canonical form, as in text that is
/// aligned by tabs, calling OpenSSL for each costs more than hashing it. Small ones are gathered; large ones go straight through.
struct GatheredDigest {
  private static let capacity = 2048
  /// From here on, copying costs more than a call.
  private static let large = 256

  private var hash = SHA256()
  /// Made when the first small piece comes.
  private var gathered: [UInt8] = []
  private var count = 0

  mutating func update(_ bytes: Span<UInt8>) {
    if bytes.count >= Self.large || bytes.count > Self.capacity - count { flush() }
    guard bytes.count < Self.large else { return hash.update(bytes) }
    if gathered.isEmpty { gathered = [UInt8](repeating: 0, count: Self.capacity) }
    gathered.withUnsafeMutableBytes { room in
      bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: $0) }
    }
    count += bytes.count
  }

  mutating func update(_ byte: UInt8) {
    if count == Self.capacity { flush() }
    if gathered.isEmpty { gathered = [UInt8](repeating: 0, count: Self.capacity) }
    gathered[count] = byte
    count += 1
  }

  /// The digest of all that was given so far; more may follow.
  func digest() -> [UInt8] {
    var all = hash
    if count > 0 { all.update(gathered.span.extracting(0..<count)) }
    return all.digest()
  }

  private mutating func flush() {
    guard count > 0 else { return }
    let gathered = gathered
    hash.update(gathered.span.extracting(0..<count))
    count = 0
  }
}
