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
