import MTACore
import MTACrypto

/// The header side of a signature: which fields are hashed, in which form (RFC 6376 §3.7, §5.4.2).
struct HeaderHash {
  private let section: HeaderSection
  /// Where the fields of each name are, from the top.
  private let places: [FieldName: [Int]]

  init(_ section: HeaderSection) {
    self.section = section
    var places: [FieldName: [Int]] = [:]
    for (index, field) in section.fields.enumerated() where !field.nameBytes.isEmpty {
      places[FieldName(field.nameBytes), default: []].append(index)
    }
    self.places = places
  }

  /// How many fields have this name.
  func count(of name: FieldName) -> Int { places[name]?.count ?? 0 }

  /// The digest that a signature is over.
  /// - Parameters:
  ///   - names: as `h=` lists them. A name that comes again takes the next field upwards; one for which none is left
  ///     stands for nothing.
  ///   - signatureField: the DKIM-Signature field with its `b=` empty.
  ///   - ownIndex: where that field stands in the section when it is part of it; it is never among the signed fields.
  func digest(
    names: [String], canonicalization: DKIMCanonicalization, signatureField: [UInt8], ownIndex: Int? = nil
  ) -> [UInt8] {
    var hash = SHA256()
    var remaining: [FieldName: ArraySlice<Int>] = [:]
    for name in names {
      let key = FieldName(name)
      var left = remaining[key] ?? (places[key] ?? [])[...]
      if left.last == ownIndex, ownIndex != nil { left.removeLast() }
      // RFC 6376 §5.4.2: from the bottom up; §3.5: absent fields are null input.
      if let index = left.popLast() { hash.update(canonicalization.canonicalize(section.fields[index].raw)) }
      remaining[key] = left
    }
    // RFC 6376 §3.7: the signature field comes last, without its line end.
    let ending = canonicalization.canonicalize(signatureField[...])
    hash.update(ending.span.extracting(0..<ending.count - 2))
    return hash.digest()
  }
}

extension DKIMCanonicalization {
  /// A header field in canonical form, CR LF at its end (RFC 6376 §3.4.1, §3.4.2).
  func canonicalize(_ field: ArraySlice<UInt8>) -> [UInt8] {
    switch self {
    case .simple: field.suffix(2) == [13, 10] ? Array(field) : field + [13, 10]
    case .relaxed: Self.relaxed(field)
    }
  }

  private static func relaxed(_ field: ArraySlice<UInt8>) -> [UInt8] {
    let colon = field.firstIndex(of: UInt8(ascii: ":")) ?? field.endIndex
    var text = field[..<colon].trimmingBlanks.map(\.lowercased)
    text.reserveCapacity(field.count + 2)
    text.append(UInt8(ascii: ":"))
    let value = field[colon...].dropFirst()
    let start = text.count
    var isBlankHeld = false
    var index = value.startIndex
    while index < value.endIndex {
      let byte = value[index]
      index += 1
      if byte == 32 || byte == 9 {
        isBlankHeld = true
        continue
      }
      // Unfolding takes out line ends, not a CR or LF that stands alone.
      if byte == 13, index < value.endIndex, value[index] == 10 {
        index += 1
        continue
      }
      if isBlankHeld, text.count > start { text.append(32) }
      isBlankHeld = false
      text.append(byte)
    }
    text += [13, 10]
    return text
  }
}
