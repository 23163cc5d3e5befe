import MTACore
import MTACrypto

/// A mail whose header section is known, so that it is clear which signatures are to be tried and what they need.
struct SignedMail: Sendable {
  /// A signature under trial.
  private enum Candidate: Sendable {
    /// Judged by its field alone.
    case settled(DKIMVerification)
    /// Sound so far; `place` is the field's index in the section.
    case open(DKIMSignature, TagList, place: Int)
  }

  private let section: HeaderSection
  private let policy: DKIMVerifier.Policy
  private let candidates: [Candidate]
  private var bodies: BodyHashes

  init(_ section: HeaderSection, policy: DKIMVerifier.Policy) {
    self.section = section
    self.policy = policy
    let fault = Self.fault(of: section)
    let places = section.fields.indices.lazy.filter { section.fields[$0].isNamed(DKIMSignature.fieldName) }
    candidates = places.prefix(max(0, policy.maximumSignatures)).map { place in
      Self.candidate(section.fields[place], place: place, fault: fault)
    }
    var lengths: [DKIMCanonicalization: [Int]] = [:]
    for case .open(let signature, _, _) in candidates {
      lengths[signature.bodyCanonicalization, default: []] += [signature.bodyLength].compactMap(\.self)
    }
    bodies = BodyHashes(lengths)
  }

  /// What makes every signature of this mail worthless.
  private static func fault(of section: HeaderSection) -> String? {
    // Readers take a line that is no field for the start of the body, and show what a signer wrote as fields: an attacker's text
    // under a valid signature. A name that is parted from its colon is no field to many.
    if !section.fields.allSatisfy(\.isPlain) { return "a line of the header section is no field" }
    // RFC 5322 §3.6 wants exactly one. With two, readers may show the one that is not signed (RFC 6376 §8.15).
    switch section.count(of: "From") {
    case 1: break
    case 0: return "no From field"
    default: return "more than one From field"
    }
    // RFC 6376 §8.15: who takes a lone CR or LF for a line end sees other fields than those that were signed.
    if section.hasStrayLineEnds { return "lone CR or LF in the header section" }
    // RFC 2045 §2.7. Readers cut lines there.
    return section.hasNUL ? "NUL in the header section" : nil
  }

  private static func candidate(_ field: HeaderSection.Field, place: Int, fault: String?) -> Candidate {
    guard let tags = TagList(field.rawValue) else {
      return .settled(DKIMVerification(.permerror, reason: "\(DKIMSignature.Fault.syntax)"))
    }
    do throws(DKIMSignature.Fault) {
      let signature = try DKIMSignature(tags)
      guard let fault else { return .open(signature, tags, place: place) }
      return .settled(DKIMVerification(.permerror, reason: fault, tags: tags))
    } catch {
      return .settled(DKIMVerification(.permerror, reason: "\(error)", tags: tags))
    }
  }

  mutating func receive(_ bytes: Span<UInt8>) {
    bodies.update(bytes)
  }

  /// The body is complete.
  consuming func verify(at now: Timestamp, lookup: any DNSLookup) async -> [DKIMVerification] {
    guard !candidates.isEmpty else { return [] }
    bodies.finish()
    let trials = candidates.map { trial(of: $0, now) }
    var places: Set<KeyPlace> = []
    for case .keyNeeded(let signature, _, _, _) in trials { places.insert(KeyPlace(signature)) }
    let keys = await KeyPlace.lookUp(places, lookup)
    let header = HeaderHash(section)
    return trials.map { trial in
      switch trial {
      case .settled(let verification): return verification
      case .keyNeeded(let signature, let tags, let place, let isPartial):
        var verification = judge(signature, tags, place: place, header, keys[KeyPlace(signature)] ?? .none)
        verification.isPartial = isPartial
        return verification
      }
    }
  }

  /// How far a signature came without its key.
  private enum Trial {
    case settled(DKIMVerification)
    case keyNeeded(DKIMSignature, TagList, place: Int, isPartial: Bool)
  }

  private func trial(of candidate: Candidate, _ now: Timestamp) -> Trial {
    switch candidate {
    case .settled(let verification): return .settled(verification)
    case .open(let signature, let tags, let place):
      // RFC 6376 §3.5, x=. A t= in the future is tolerated: clocks differ.
      if let expiresAt = signature.expiresAt, expiresAt < now {
        return .settled(DKIMVerification(.permerror, reason: "signature expired", tags: tags))
      }
      guard let body = bodies[signature.bodyCanonicalization], let digest = body.digest(length: signature.bodyLength)
      else {
        // RFC 6376 §3.5: l= must not be larger than the body.
        return .settled(DKIMVerification(.fail, reason: "body is shorter than l=", tags: tags))
      }
      guard digest == signature.bodyHash else {
        return .settled(DKIMVerification(.fail, reason: "body hash did not verify", tags: tags))
      }
      let isPartial = signature.bodyLength.map { $0 < body.byteCount } ?? false
      return .keyNeeded(signature, tags, place: place, isPartial: isPartial)
    }
  }

  private func judge(
    _ signature: DKIMSignature, _ tags: TagList, place: Int, _ header: HeaderHash, _ answer: DNSResult<[DKIMKeyRecord]>
  ) -> DKIMVerification {
    let records: [DKIMKeyRecord]
    switch answer {
    case .failure: return DKIMVerification(.temperror, reason: "key unavailable", tags: tags)
    case .none: return DKIMVerification(.permerror, reason: "no key for signature", tags: tags)
    case .found(let found): records = found
    }
    // RFC 6376 §6.1.2: of several records one may be chosen; the first of the right kind is.
    guard let record = records.first(where: { $0.isOf(signature.algorithm) }) ?? records.first else {
      return DKIMVerification(.permerror, reason: "no key for signature", tags: tags)
    }
    var verification: DKIMVerification
    do throws(DKIMKeyRecord.Unfit) {
      let key = try record.key(for: signature, rsaBits: policy.rsaBits)
      let digest = header.digest(
        names: signature.signedFields.map { FieldName($0) }, canonicalization: signature.headerCanonicalization,
        signatureField: unsigned(section.fields[place], tags), ownIndex: place)
      verification =
        key.isSignature(signature.signature, ofDigest: digest)
        ? DKIMVerification(.pass, tags: tags) : DKIMVerification(.fail, reason: "signature did not verify", tags: tags)
    } catch {
      switch error {
      case .tooShort, .tooLong: verification = DKIMVerification(.policy, reason: "\(error)", tags: tags)
      default: verification = DKIMVerification(.permerror, reason: "\(error)", tags: tags)
      }
    }
    verification.isTesting = record.isTesting
    return verification
  }

  /// The signature field with the value of `b=` taken out, blanks around it included (RFC 6376 §3.7).
  private func unsigned(_ field: HeaderSection.Field, _ tags: TagList) -> [UInt8] {
    var bytes = Array(field.rawValue)
    guard let entry = tags["b"] else { return bytes }
    // The tags were read from the value of the field; their places count from where it begins in the section.
    let offset = field.rawValue.startIndex
    bytes.removeSubrange(entry.range.lowerBound - offset..<entry.range.upperBound - offset)
    return Array(field.raw.prefix(offset - field.raw.startIndex)) + bytes + [13, 10]
  }
}

/// Where a key is.
private struct KeyPlace: Hashable, Sendable {
  let selector: DNSName
  let domain: DNSName

  init(_ signature: DKIMSignature) {
    selector = signature.selector
    domain = signature.domain
  }

  /// Asks for all keys at once; for one, as it mostly is, without a task of its own.
  static func lookUp(_ places: Set<KeyPlace>, _ lookup: any DNSLookup) async -> [KeyPlace: DNSResult<[DKIMKeyRecord]>] {
    if places.count == 1, let place = places.first {
      return [place: await lookup.dkimKeys(selector: place.selector, domain: place.domain)]
    }
    return await withTaskGroup(of: (KeyPlace, DNSResult<[DKIMKeyRecord]>).self) { group in
      for place in places {
        group.addTask { (place, await lookup.dkimKeys(selector: place.selector, domain: place.domain)) }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }
}

extension DKIMVerification {
  fileprivate init(_ outcome: Outcome, reason: String? = nil, tags: TagList) {
    self.init(outcome, reason: reason)
    describe(tags)
  }
}
