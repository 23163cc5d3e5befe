public import MTATLS

/// Certificates of names under `test.example`, and their keys. The first is a self-signed certificate of `mx.test.example`, `localhost`
/// and 127.0.0.1. Use them in tests only: the keys are public.
public enum TestCertificate {
  /// PEM.
  public static let chain = """
    -----BEGIN CERTIFICATE-----
    MIIBujCCAV+gAwIBAgIUFoBs52A2bkZk2khdq9PcNFdSgCUwCgYIKoZIzj0EAwIw
    GjEYMBYGA1UEAwwPbXgudGVzdC5leGFtcGxlMCAXDTI2MTEyMzE0MzUyM1oYDzIx
    MjYxMDMwMTQzNTIzWjAaMRgwFgYDVQQDDA9teC50ZXN0LmV4YW1wbGUwWTATBgcq
    hkjOPQIBBggqhkjOPQMBBwNCAAQTLv2awAmzS78zterTfy1Uq6DKBGpwLA/vv2Lc
    6X/6Q53wTuJ7AVkzcX6z0ZJ6qzppXl7+UmOWZ4dqSHdHC8Ido4GAMH4wHQYDVR0O
    BBYEFJcHNEsE13W1J4MeEHkwKo+UQOjdMB8GA1UdIwQYMBaAFJcHNEsE13W1J4Me
    EHkwKo+UQOjdMA8GA1UdEwEB/wQFMAMBAf8wKwYDVR0RBCQwIoIPbXgudGVzdC5l
    eGFtcGxlgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0EAwIDSQAwRgIhAKb5TVCr
    fhdlu7QX0C7vkAflKYuV+iDMLksH9gCDz/53AiEA5qDuc9GmN8k3nxQHFkRxEyzK
    RcVGbFw5GozfyepBS7U=
    -----END CERTIFICATE-----
    """

  /// PEM.
  public static let privateKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgj0JZrR50eLXZ226l
    ue/nbTEhV2r60N3ZXMeIQOJPiyuhRANCAAQTLv2awAmzS78zterTfy1Uq6DKBGpw
    LA/vv2Lc6X/6Q53wTuJ7AVkzcX6z0ZJ6qzppXl7+UmOWZ4dqSHdHC8Id
    -----END PRIVATE KEY-----
    """

  /// TLS of a server with the certificate: for ``SinkServer/Behaviour/tls`` and for a receiver under test.
  public static func server() throws(TLSFailure) -> TLSContext {
    try TLSContext.server(certificateChain: .pem(Array(chain.utf8)), privateKey: .pem(Array(privateKey.utf8)))
  }

  /// The SHA-256 of the certificate's public key, in hexadecimal: the data of its TLSA record `3 1 1`.
  public static let keyDigest = "79d05cb68c092066ecaa5ed43aac7d4ac46ade354143fa1a68a9cf5bf134b749"

  /// The certificate as the only trusted authority.
  public static let trust = TLSContext.TrustRoots.certificates(.pem(Array(chain.utf8)))

  /// A certificate of `*.test.example`, `mta-sts.sts.example`, `localhost` and 127.0.0.1, signed by ``authority``.
  public enum Issued {
    /// PEM.
    public static let authority = """
      -----BEGIN CERTIFICATE-----
      MIIBsjCCAVmgAwIBAgIUdEmQqL/+/8Hx4+LKnyutO2MPJGQwCgYIKoZIzj0EAwIw
      JjEkMCIGA1UEAwwbU3dpZnRNVEEgdGVzdCBraXQgYXV0aG9yaXR5MCAXDTI2MTEy
      NTAxNDYxNVoYDzIxMjYxMTAxMDE0NjE1WjAmMSQwIgYDVQQDDBtTd2lmdE1UQSB0
      ZXN0IGtpdCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQMy2w2
      qDkcLJkscT0LVhKTK6T2XA9KnTG6JCdj4KDn0ZvaYNaIwfNzr4hVAGRj1ZPVrxp+
      lk/EFNJ8Q7XoXR/xo2MwYTAdBgNVHQ4EFgQUgPbOpWIrHmM2XJ7jpezWEa0B6Hcw
      HwYDVR0jBBgwFoAUgPbOpWIrHmM2XJ7jpezWEa0B6HcwDwYDVR0TAQH/BAUwAwEB
      /zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwIDRwAwRAIgerZp+aYZR1KTc6bQ
      31t2PI/u9C/OBRWnHuKryaL5lugCID4ruaocO13RAjaaWS+w5JHs8/qfOuTU811p
      Od/bHuzO
      -----END CERTIFICATE-----
      """

    /// PEM: the certificate, then ``authority``.
    public static let chain = """
      -----BEGIN CERTIFICATE-----
      MIIB1DCCAXqgAwIBAgIUJipUBrKtbcJ2yUHu0WYhETk7VacwCgYIKoZIzj0EAwIw
      JjEkMCIGA1UEAwwbU3dpZnRNVEEgdGVzdCBraXQgYXV0aG9yaXR5MCAXDTI2MTEy
      NTAxNDYxNVoYDzIxMjYxMTAxMDE0NjE1WjAaMRgwFgYDVQQDDA9teC50ZXN0LmV4
      YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATs2eqjzSlOzs4RqeshI0u9
      f4hRiSzQeYV4vzI7cZ0TRkeg00E9v3GQgmgjkLJQ19McK0SLZTgtp/YCrmc+llA8
      o4GPMIGMMD8GA1UdEQQ4MDaCDioudGVzdC5leGFtcGxlghNtdGEtc3RzLnN0cy5l
      eGFtcGxlgglsb2NhbGhvc3SHBH8AAAEwCQYDVR0TBAIwADAdBgNVHQ4EFgQUDzky
      PHMERrq+vYof93GbaE3w0VkwHwYDVR0jBBgwFoAUgPbOpWIrHmM2XJ7jpezWEa0B
      6HcwCgYIKoZIzj0EAwIDSAAwRQIhAOD/bJcILXuGKJOzfM2BMTlgT2Nz57VRsKmt
      0QzzYZDzAiBDSwqpWt4qUepcwfGLcXgY9Hzge9La/PjWqdkkXGOeuA==
      -----END CERTIFICATE-----
      -----BEGIN CERTIFICATE-----
      MIIBsjCCAVmgAwIBAgIUdEmQqL/+/8Hx4+LKnyutO2MPJGQwCgYIKoZIzj0EAwIw
      JjEkMCIGA1UEAwwbU3dpZnRNVEEgdGVzdCBraXQgYXV0aG9yaXR5MCAXDTI2MTEy
      NTAxNDYxNVoYDzIxMjYxMTAxMDE0NjE1WjAmMSQwIgYDVQQDDBtTd2lmdE1UQSB0
      ZXN0IGtpdCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQMy2w2
      qDkcLJkscT0LVhKTK6T2XA9KnTG6JCdj4KDn0ZvaYNaIwfNzr4hVAGRj1ZPVrxp+
      lk/EFNJ8Q7XoXR/xo2MwYTAdBgNVHQ4EFgQUgPbOpWIrHmM2XJ7jpezWEa0B6Hcw
      HwYDVR0jBBgwFoAUgPbOpWIrHmM2XJ7jpezWEa0B6HcwDwYDVR0TAQH/BAUwAwEB
      /zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwIDRwAwRAIgerZp+aYZR1KTc6bQ
      31t2PI/u9C/OBRWnHuKryaL5lugCID4ruaocO13RAjaaWS+w5JHs8/qfOuTU811p
      Od/bHuzO
      -----END CERTIFICATE-----
      """

    /// PEM.
    public static let privateKey = """
      -----BEGIN PRIVATE KEY-----
      MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpen5nYzdaXlFMXJv
      Vn45OdXtogMHCQSukelT5o3awhGhRANCAATs2eqjzSlOzs4RqeshI0u9f4hRiSzQ
      eYV4vzI7cZ0TRkeg00E9v3GQgmgjkLJQ19McK0SLZTgtp/YCrmc+llA8
      -----END PRIVATE KEY-----
      """

    /// The data of the TLSA record `3 1 1` of the certificate, and of `2 1 1` of the authority.
    public static let keyDigest = "da6f5e230fa84bec14cdcd29c45a24e79e03f49c4b45fd3a0b44ab5b16cbf84e"
    public static let authorityDigest = "cfd0a7f214459aeb19da39a9b6a0e5c39e5ff3a2000475455c4d302525404477"

    /// The authority as the only trusted one.
    public static let trust = TLSContext.TrustRoots.certificates(.pem(Array(authority.utf8)))

    /// TLS of a server with the chain.
    public static func server() throws(TLSFailure) -> TLSContext {
      try TLSContext.server(certificateChain: .pem(Array(chain.utf8)), privateKey: .pem(Array(privateKey.utf8)))
    }
  }
}
