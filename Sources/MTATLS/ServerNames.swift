internal import COpenSSL

/// The contexts of a server with several certificates, by the name that a client asks for (SNI, RFC 6066 §3).
///
/// Names are compared as octets. Letters of ASCII count the same in both cases.
final class ServerNames: Sendable {
  /// By name in lower case.
  private let exact: [[UInt8]: TLSContext]
  /// By what stands behind `*.`.
  private let wild: [[UInt8]: TLSContext]

  /// - Throws: ``TLSFailure/setup(_:)``, naming what is no host name.
  init(_ contexts: [String: TLSContext]) throws(TLSFailure) {
    var exact: [[UInt8]: TLSContext] = [:]
    var wild: [[UInt8]: TLSContext] = [:]
    for (text, context) in contexts {
      let name = Self.lowercased(text.utf8)
      let isWild = name.starts(with: [UInt8(ascii: "*"), UInt8(ascii: ".")])
      let rest = isWild ? Array(name.dropFirst(2)) : name
      guard context.role == .server, Self.isHostName(rest) else {
        throw .setup("no host name: \(text.debugDescription)")
      }
      if isWild { wild[rest] = context } else { exact[rest] = context }
    }
    self.exact = exact
    self.wild = wild
  }

  /// A name of its own comes before the one with `*`, which stands for one label (RFC 9525 §6.3).
  func context(for asked: some Sequence<UInt8>) -> TLSContext? {
    let name = Self.lowercased(asked)
    if let context = exact[name] { return context }
    guard !wild.isEmpty, let dot = name.firstIndex(of: UInt8(ascii: ".")), dot > 0 else { return nil }
    return wild[Array(name[(dot + 1)...])]
  }

  private static func lowercased(_ name: some Sequence<UInt8>) -> [UInt8] {
    name.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
  }

  private static func isHostName(_ name: [UInt8]) -> Bool {
    (1...253).contains(name.count)
      && name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
        (1...63).contains(label.count)
          && label.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
      }
  }

  /// Asks this table in each handshake of the context. Whoever has a session of the context keeps the table.
  func attach(to context: OpaquePointer) {
    mta_ssl_ctx_set_server_name_callback(
      context,
      { ssl, _, table in
        guard let ssl, let table, let asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else {
          return SSL_TLSEXT_ERR_NOACK
        }
        let names = Unmanaged<ServerNames>.fromOpaque(table).takeUnretainedValue()
        let bytes = UnsafeRawBufferPointer(start: asked, count: strnlen(asked, 256))
        // Who asks for another name gets the certificate of the context itself, and decides whether it will do.
        guard let own = names.context(for: bytes), SSL_set_SSL_CTX(ssl, own.pointer) != nil else {
          return SSL_TLSEXT_ERR_NOACK
        }
        return SSL_TLSEXT_ERR_OK
      }, Unmanaged.passUnretained(self).toOpaque())
  }
}
