import MTACore

/// `client-first-message` (RFC 5802 §7): `gs2-header "n=" saslname ",r=" c-nonce ["," extensions]`.
struct SCRAMOpening: Hashable {
  var header: GS2Header
  /// `client-first-message-bare`, as it came.
  var bare: [UInt8]
  /// Prepared by SASLprep if possible.
  var username: String
  var nonce: [UInt8]

  init?(_ message: [UInt8]) {
    guard let (header, rest) = GS2Header.read(message) else { return nil }
    // "m=" would stand first: an extension that must be understood, and none is (RFC 5802 §5.1).
    let attributes = rest.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard attributes.count >= 2, let name = SCRAMAttribute.value("n", attributes[0]),
      let username = GS2Header.name(name),
      !username.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }),
      let nonce = SCRAMAttribute.value("r", attributes[1]), SCRAMAttribute.isNonce(nonce),
      attributes[2...].allSatisfy(SCRAMAttribute.isExtension)
    else { return nil }
    self.header = header
    bare = Array(rest)
    self.username = SASLprep.prepare(username) ?? username
    self.nonce = Array(nonce)
  }
}

/// `client-final-message` (RFC 5802 §7): `"c=" base64 ",r=" nonce ["," extensions] ",p=" base64`.
struct SCRAMClosing: Hashable {
  /// The GS2 header and the channel binding data, as the client sees them.
  var binding: [UInt8]
  var nonce: [UInt8]
  var proof: [UInt8]
  var withoutProof: [UInt8]

  init?(_ message: [UInt8]) {
    let attributes = message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard attributes.count >= 3, let last = attributes.last,
      let binding = SCRAMAttribute.value("c", attributes[0]).flatMap({ Base64.decode($0) }),
      let nonce = SCRAMAttribute.value("r", attributes[1]),
      let proof = SCRAMAttribute.value("p", last).flatMap({ Base64.decode($0) }),
      attributes[2..<(attributes.count - 1)].allSatisfy(SCRAMAttribute.isExtension)
    else { return nil }
    self.binding = binding
    self.nonce = Array(nonce)
    self.proof = proof
    withoutProof = Array(message[..<(last.startIndex - 1)])
  }
}

/// `attr-val` (RFC 5802 §5.1): a letter, `=`, and a value.
enum SCRAMAttribute {
  static func value(_ letter: Unicode.Scalar, _ attribute: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard attribute.count > 2, attribute.starts(with: [UInt8(ascii: letter), UInt8(ascii: "=")]) else { return nil }
    return attribute.dropFirst(2)
  }

  /// Printable ASCII without a comma, short enough for our answer to stay one line.
  static func isNonce(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.count <= 512 && bytes.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }
  }

  /// An extension that may be ignored: any letter except those with a meaning, `m` among them.
  static func isExtension(_ attribute: ArraySlice<UInt8>) -> Bool {
    guard let letter = attribute.first, (65...90).contains(letter & 0xdf), !"anmrcpsiv".utf8.contains(letter) else {
      return false
    }
    return attribute.count > 2 && attribute.dropFirst().first == UInt8(ascii: "=") && !attribute.contains(0)
  }
}
