public import MTATLS

/// A self-signed certificate of `mx.test.example`, `localhost` and 127.0.0.1, and its key. For tests alone: the key is known to all.
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

  /// TLS of a server that shows the certificate: for ``SinkServer/Behaviour/tls`` and for a receiver under test.
  public static func server() throws(TLSFailure) -> TLSContext {
    try TLSContext.server(certificateChain: .pem(Array(chain.utf8)), privateKey: .pem(Array(privateKey.utf8)))
  }
}
