import MTACore
import MTACrypto

/// The header side of a signature: which fields are hashed, in which form (RFC 6376 §3.7, §5.4.2).
struct HeaderHash {
  private let section: HeaderSection
  /// The names of the fields that there are, numbered.
  private let numbers: [FieldName: Int]
  /// Where the fields of each name are, from the top; by the name's number.
  private let places: [[Int]]

  init(_ section: HeaderSection) {
    self.section = section
    var numbers: [FieldName: Int] = [:]
    var places: [[Int]] = []
    for (index, field) in section.fields.enumerated() where !field.nameBytes.isEmpty {
      let name = FieldName(field.nameBytes)
      if let number = numbers[name] {
        places[number].append(index)
      } else {
        numbers[name] = places.count
        places.append([index])
      }
    }
    self.numbers = numbers
    self.places = places
  }

  /// How many fields have this name.
  func count(of name: FieldName) -> Int { numbers[name].map { places[$0].count } ?? 0 }

  /// The digest that a signature is over.
  /// - Parameters:
  ///   - names: as `h=` lists them. A name that comes again takes the next field upwards; one for which none is left
  ///     stands for nothing.
  ///   - signatureField: the DKIM-Signature field with its `b=` empty.
  ///   - ownIndex: where that field stands in the section when it is part of it; it is never among the signed fields.
  func digest(
    names: [FieldName], canonicalization: DKIMCanonicalization, signatureField: [UInt8], ownIndex: Int? = nil
  ) -> [UInt8] {
    var hash = SHA256()
    // RFC 6376 §5.4.2: from the bottom up.
    var left = places.map(\.count)
    for name in names {
      // RFC 6376 §3.5: absent fields are null input.
      guard let number = numbers[name] else { continue }
      if left[number] > 0, places[number][left[number] - 1] == ownIndex { left[number] -= 1 }
      guard left[number] > 0 else { continue }
      left[number] -= 1
      hash.update(canonicalization.canonicalize(section.fields[places[number][left[number]]].raw))
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
    let value = field[colon...].dropFirst()
    return [UInt8](capacity: field.count + 3) { text in
      for byte in field[..<colon].trimmingBlanks { text.append(byte.lowercased) }
      text.append(UInt8(ascii: ":"))
      unfold(value.span, into: &text)
      text.append(13)
      text.append(10)
    }
  }

  /// The value on one line, each run of blanks within it one blank, and none at its ends. Writes no more than it reads.
  private static func unfold(_ value: Span<UInt8>, into text: inout OutputSpan<UInt8>) {
    let start = text.count
    var isBlankHeld = false
    var index = 0
    while index < value.count {
      let byte = value[index]
      index += 1
      if byte == 32 || byte == 9 {
        isBlankHeld = true
        continue
      }
      // Unfolding takes out line ends, not a CR or LF that stands alone.
      if byte == 13, index < value.count, value[index] == 10 {
        index += 1
        continue
      }
      if isBlankHeld, text.count > start { text.append(32) }
      isBlankHeld = false
      text.append(byte)
    }
  }
}
