import MTACore
import MTACrypto

/// The client's side of SCRAM-SHA-256, for tests: what it says, and whether it believes the server.
struct SCRAMClient {
  var password: String
  var username = "user"
  var nonce = "rOprNGfwEbeRWgbNEkqO"
  /// The GS2 header.
  var header = "n,,"
  var bindingData: [UInt8] = []
  private(set) var serverSignature: [UInt8] = []

  init(password: String) { self.password = password }

  var bare: String { "n=\(username),r=\(nonce)" }
  var first: String { header + bare }

  /// The proof, as an answer to the server's first message.
  mutating func final(_ serverFirst: String) -> String {
    let attributes = serverFirst.split(separator: ",")
    guard attributes.count == 3, let salt = Base64.decode(attributes[1].utf8.dropFirst(2)),
      let iterations = Int(attributes[2].dropFirst(2))
    else { return "" }
    let salted = HMACSHA256.passwordKey(Array(password.utf8), salt: salt, rounds: iterations)
    let clientKey = HMACSHA256.code(for: Array("Client Key".utf8), key: salted)
    let binding = String(decoding: Base64.encode(Array(header.utf8) + bindingData), as: UTF8.self)
    let withoutProof = "c=\(binding),\(attributes[0])"
    let conversation = Array("\(bare),\(serverFirst),\(withoutProof)".utf8)
    let signature = HMACSHA256.code(for: conversation, key: SHA256.digest(of: clientKey))
    serverSignature = HMACSHA256.code(
      for: conversation, key: HMACSHA256.code(for: Array("Server Key".utf8), key: salted))
    let proof = String(decoding: Base64.encode(zip(clientKey, signature).map { $0 ^ $1 }), as: UTF8.self)
    return "\(withoutProof),p=\(proof)"
  }

  func believes(_ serverFinal: String) -> Bool {
    serverFinal == "v=" + String(decoding: Base64.encode(serverSignature), as: UTF8.self)
  }
}

/// Base 64 of text, as scripts need it.
func base64(_ text: String) -> String { String(decoding: Base64.encode(text.utf8), as: UTF8.self) }
