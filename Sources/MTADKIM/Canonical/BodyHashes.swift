/// The hashes of one body, one for each canonical form that a signature uses. A form that none uses costs nothing.
struct BodyHashes {
  private var simple: BodyHash?
  private var relaxed: BodyHash?

  /// - Parameter lengths: the forms in use, each with the `l=` of which digests will be wanted.
  init(_ lengths: [DKIMCanonicalization: [Int]]) {
    simple = lengths[.simple].map { BodyHash(.simple, lengths: $0) }
    relaxed = lengths[.relaxed].map { BodyHash(.relaxed, lengths: $0) }
  }

  mutating func update(_ piece: Span<UInt8>) {
    simple?.update(piece)
    relaxed?.update(piece)
  }

  /// The body is complete.
  mutating func finish() {
    simple?.finish()
    relaxed?.finish()
  }

  subscript(form: DKIMCanonicalization) -> BodyHash? {
    switch form {
    case .simple: simple
    case .relaxed: relaxed
    }
  }
}
