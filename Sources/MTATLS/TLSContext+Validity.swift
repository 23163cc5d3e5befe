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

  /// When the context's own certificate is valid, in seconds since 1970, both ends included. Nil without a certificate.
  package var certificateValidity: (begin: Int64, end: Int64)? {
    guard let certificate = SSL_CTX_get0_certificate(pointer), let epoch = ASN1_TIME_set(nil, 0) else { return nil }
    defer { ASN1_TIME_free(epoch) }
    func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
      var (days, seconds): (Int32, Int32) = (0, 0)
      guard let time, ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
      return Int64(days) * 86_400 + Int64(seconds)
    }
    guard let begin = seconds(X509_get0_notBefore(certificate)), let end = seconds(X509_get0_notAfter(certificate))
    else { return nil }
    return (begin, end)
  }
}
