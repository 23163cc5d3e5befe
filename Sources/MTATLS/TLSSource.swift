internal import COpenSSL

/// Where certificates or a private key come from: a PEM file, or PEM text, for example from a privileged parent that read the file.
public enum TLSSource: Hashable, Sendable {
  case file(String)
  case pem([UInt8])
  /// The same, with the path of the file that it was read from, which errors name.
  case read([UInt8], from: String)

  /// The file's path, or a word for bytes, for error texts.
  var name: String {
    switch self {
    case .file(let path), .read(_, from: let path): path
    case .pem: "(PEM in memory)"
    }
  }

  /// Calls `body` with a BIO that reads the source.
  func withBIO<Result>(_ body: (OpaquePointer) throws(TLSFailure) -> Result) throws(TLSFailure) -> Result {
    OpenSSLErrors.clear()
    let opened =
      switch self {
      case .file(let path): BIO_new_file(path, "r")
      case .pem(let bytes), .read(let bytes, from: _): Self.memory(holding: bytes)
      }
    guard let bio = opened else { throw .unreadable(name: name, reason: OpenSSLErrors.takeReason()) }
    defer { BIO_free(bio) }
    return try body(bio)
  }

  private static func memory(holding bytes: [UInt8]) -> OpaquePointer? {
    guard let bio = BIO_new(BIO_s_mem()) else { return nil }
    // An empty source must read as "ended", not as "try again".
    mta_bio_set_mem_eof_return(bio, 0)
    guard bytes.isEmpty || BIO_write(bio, bytes, Int32(clamping: bytes.count)) == bytes.count else {
      BIO_free(bio)
      return nil
    }
    return bio
  }

  /// All certificates, in order; at least one. The caller frees them.
  func certificates() throws(TLSFailure) -> [OpaquePointer] {
    try withBIO { bio throws(TLSFailure) in
      var found: [OpaquePointer] = []
      while let certificate = PEM_read_bio_X509(bio, nil, Self.noPassword, nil) { found.append(certificate) }
      // Past the last certificate the reader finds no further start line. Anything else is damage.
      let ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
      guard ended, !found.isEmpty else {
        for certificate in found { X509_free(certificate) }
        let reason = OpenSSLErrors.takeReason()
        throw .unreadable(name: name, reason: ended ? "it holds no certificate" : reason)
      }
      OpenSSLErrors.clear()
      return found
    }
  }

  /// The private key. The caller frees it.
  func privateKey() throws(TLSFailure) -> OpaquePointer {
    try withBIO { bio throws(TLSFailure) in
      guard let key = PEM_read_bio_PrivateKey(bio, nil, Self.noPassword, nil) else {
        // The decoders of OpenSSL 3 say "unsupported" of a text in which none of them finds a key.
        let reason = OpenSSLErrors.takeReason()
        throw .unreadable(name: name, reason: reason == "unsupported" ? "it holds no private key" : reason)
      }
      return key
    }
  }

  /// Refuses encrypted files: OpenSSL itself would ask at the terminal, which a server does not have.
  private static let noPassword:
    @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
      _, _, _, _ in -1
    }
}
