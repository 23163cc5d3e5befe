internal import COpenSSL

extension TLSContext {
  /// The version of OpenSSL that the process runs with: `3.0.17`.
  public static var libraryVersion: String {
    let text = OpenSSL_version(OPENSSL_VERSION_STRING).map { String(cString: $0) } ?? ""
    return text.isEmpty ? "unknown" : text
  }
}
