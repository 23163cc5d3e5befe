import MTACore

extension DKIMSignature {
  static let fieldName = "DKIM-Signature"

  /// The field without its signature: it ends with `b=`, and this is what gets signed (RFC 6376 §3.7).
  func renderUnsigned() -> FoldedField {
    var field = FoldedField(Self.fieldName + ":")
    field.append("v=1;")
    field.append("a=\(algorithm.rawValue);")
    field.append("c=\(headerCanonicalization.rawValue)/\(bodyCanonicalization.rawValue);")
    field.append("d=\(domain);")
    field.append("s=\(selector);")
    if let identity { field.append("i=\(identity);") }
    if let signedAt { field.append("t=\(signedAt.seconds);") }
    if let expiresAt { field.append("x=\(expiresAt.seconds);") }
    if let bodyLength { field.append("l=\(bodyLength);") }
    for (index, name) in signedFields.enumerated() {
      let ending = index == signedFields.count - 1 ? ";" : ":"
      if index == 0 { field.append("h=" + name + ending) } else { field.appendUnspaced(name, ending) }
    }
    field.append("bh=")
    field.appendBroken(Base64.encode(bodyHash))
    field.appendUnspaced(";")
    field.append("b=")
    return field
  }
}

/// A header field that is folded so that no line passes 78 columns, as far as its words allow (RFC 5322 §2.1.1).
struct FoldedField {
  private(set) var bytes: [UInt8]
  private var column: Int
  private static let width = 78

  init(_ start: String) {
    bytes = Array(start.utf8)
    column = bytes.count
  }

  /// Adds a word, with a blank or a fold before it.
  mutating func append(_ word: String) {
    if column + 1 + word.utf8.count > Self.width {
      fold()
    } else {
      bytes.append(32)
      column += 1
    }
    appendUnspaced(word)
  }

  /// Adds a word right behind the last, with a fold between them only where it is needed.
  /// - Parameter ending: stays on the word's line.
  mutating func appendUnspaced(_ word: String, _ ending: String = "") {
    let count = word.utf8.count + ending.utf8.count
    if column > 1, column + count > Self.width { fold() }
    bytes += word.utf8
    bytes += ending.utf8
    column += count
  }

  /// Adds text that may be broken anywhere, such as base 64.
  mutating func appendBroken(_ text: [UInt8]) {
    var rest = text[...]
    while !rest.isEmpty {
      if column >= Self.width { fold() }
      let part = rest.prefix(Self.width - column)
      bytes += part
      column += part.count
      rest = rest.dropFirst(part.count)
    }
  }

  private mutating func fold() {
    bytes += [13, 10, 32]
    column = 1
  }
}
