internal import COpenSSL

extension TLSContext {
  /// The time until the context's own certificate expires; negative when it has expired. Nil without a certificate.
  public var certificateExpiry: Duration? { fromNow(X509_get0_notAfter) }

  /// The time until the context's own certificate becomes valid; negative when it is valid. Nil without a certificate.
  public var certificateBegin: Duration? { fromNow(X509_get0_notBefore) }

  private func fromNow(_ time: (OpaquePointer) -> UnsafePointer<ASN1_TIME>?) -> Duration? {
    guard let certificate = SSL_CTX_get0_certificate(pointer) else { return nil }
    var (days, seconds): (Int32, Int32) = (0, 0)
    guard let time = time(certificate), ASN1_TIME_diff(&days, &seconds, nil, time) == 1 else { return nil }
    return .seconds(Int64(days) * 86_400 + Int64(seconds))
  }
}

extension TLSSource {
  /// When a certificate is valid, in seconds since 1970.
  package struct Validity: Hashable, Sendable {
    package var begin: Int64
    package var end: Int64

    package init(begin: Int64, end: Int64) {
      self.begin = begin
      self.end = end
    }
  }

  /// When the first certificate is valid.
  package func validity() throws(TLSFailure) -> Validity {
    let certificates = try certificates()
    defer { for certificate in certificates { X509_free(certificate) } }
    guard let first = certificates.first, let epoch = ASN1_TIME_set(nil, 0) else { throw .setup("out of memory") }
    defer { ASN1_TIME_free(epoch) }
    func seconds(_ time: UnsafePointer<ASN1_TIME>?) throws(TLSFailure) -> Int64 {
      var (days, seconds): (Int32, Int32) = (0, 0)
      guard let time, ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else {
        throw .unreadable(name: name, reason: "its validity is no time")
      }
      return Int64(days) * 86_400 + Int64(seconds)
    }
    return Validity(begin: try seconds(X509_get0_notBefore(first)), end: try seconds(X509_get0_notAfter(first)))
  }
}
