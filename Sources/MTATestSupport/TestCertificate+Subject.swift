public import MTATLS

extension TestCertificate {
  /// A certificate that has `mx.test.example` and `mta-sts.test.example` as common names of its subject alone, without an alternative
  /// name. An authority of its own signed it.
  public enum NamedBySubject {
    /// PEM.
    public static let authority = """
      -----BEGIN CERTIFICATE-----
      MIIBujCCAWGgAwIBAgIUdcZxzOwDHX4IrWyoLDkC2asbSbQwCgYIKoZIzj0EAwIw
      MjEwMC4GA1UEAwwnU3dpZnRNVEEgdGVzdCBraXQgYXV0aG9yaXR5IG9mIHN1Ympl
      Y3RzMCAXDTI2MTEyOTE3NTk1NloYDzIxMjYxMTA1MTc1OTU2WjAyMTAwLgYDVQQD
      DCdTd2lmdE1UQSB0ZXN0IGtpdCBhdXRob3JpdHkgb2Ygc3ViamVjdHMwWTATBgcq
      hkjOPQIBBggqhkjOPQMBBwNCAAQRjVQag97wpnwNhlVYKWZTmuN6oScqe2ZEgbiS
      2vK1tnRH3cPLzjbJOd/M9+qCCb75Tk3invHAsB5l7rYmtKZyo1MwUTAdBgNVHQ4E
      FgQUbZMJMPAD+0t8TaeDXXPHp9FZSiIwHwYDVR0jBBgwFoAUbZMJMPAD+0t8TaeD
      XXPHp9FZSiIwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiB9gcYq
      TkCEngeEz83Zu8GUgBsNIz7v11V4DqxYpCvJCAIgSTpv1DzgH80WqHz/RMgncO7w
      JManNC2h4A8uY9Ro4wY=
      -----END CERTIFICATE-----
      """

    /// PEM: the certificate, then ``authority``.
    public static let chain =
      """
      -----BEGIN CERTIFICATE-----
      MIIBvTCCAWKgAwIBAgIUNxY4ynFsJCaJoavXFFDGMNYa7DcwCgYIKoZIzj0EAwIw
      MjEwMC4GA1UEAwwnU3dpZnRNVEEgdGVzdCBraXQgYXV0aG9yaXR5IG9mIHN1Ympl
      Y3RzMCAXDTI2MTEyOTE4MDAzM1oYDzIxMjYxMTA1MTgwMDMzWjA5MRgwFgYDVQQD
      DA9teC50ZXN0LmV4YW1wbGUxHTAbBgNVBAMMFG10YS1zdHMudGVzdC5leGFtcGxl
      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4/nTA+KgnY4z8G1U6Y9IbVZmpgWp
      j3Koc9nzMFAvRw3kRhDPf4Qu0EujdwQvtYi0fnBfooswlkYrtav+vSPvzqNNMEsw
      CQYDVR0TBAIwADAdBgNVHQ4EFgQUg5PyX4QAA1mga0p3s8U1m+T/2UkwHwYDVR0j
      BBgwFoAUbZMJMPAD+0t8TaeDXXPHp9FZSiIwCgYIKoZIzj0EAwIDSQAwRgIhAL9q
      r3pV8GOpMiff24o70V56KF/gDW3W/l3oa2l+jAs9AiEA/JWUSeljYFjVTh0COyj1
      kGthUDS8K8mIAD27EemQWMg=
      -----END CERTIFICATE-----
      """ + "\n" + authority

    /// PEM.
    public static let privateKey = """
      -----BEGIN PRIVATE KEY-----
      MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjXzthqhH6PRZ81vl
      STd3pkZI60klXl3eVg7NfIQJ/36hRANCAATj+dMD4qCdjjPwbVTpj0htVmamBamP
      cqhz2fMwUC9HDeRGEM9/hC7QS6N3BC+1iLR+cF+iizCWRiu1q/69I+/O
      -----END PRIVATE KEY-----
      """

    /// The data of the TLSA record `2 1 1` of the authority.
    public static let authorityDigest = "95a4b7d9565f94bec70acc666e0b2a3adfa174c8232f7182fb1bbc58f1b930da"

    /// The authority as the only trusted one.
    public static let trust = TLSContext.TrustRoots.certificates(.pem(Array(authority.utf8)))

    /// TLS of a server with the chain.
    public static func server() throws(TLSFailure) -> TLSContext {
      try TLSContext.server(certificateChain: .pem(Array(chain.utf8)), privateKey: .pem(Array(privateKey.utf8)))
    }
  }
}
