/// Keys and certificates that exist for these tests alone; valid until 2126.
enum Fixtures {
  static func bytes(_ pem: String) -> [UInt8] { Array(pem.utf8) }

  /// For `mx.example.org` and 127.0.0.1.
  static let certificate = bytes(
    """
    -----BEGIN CERTIFICATE-----
    MIIBrDCCAVOgAwIBAgIUEIrhhNwMzUhe6SpxgioHs6F1pOIwCgYIKoZIzj0EAwIw
    IjEgMB4GA1UEAwwXU3dpZnRNVEEgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMTQw
    ODAyWhgPMjEyNjEwMzAxNDA4MDJaMBkxFzAVBgNVBAMMDm14LmV4YW1wbGUub3Jn
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjqmtGRZtfVkvjMpU+G/Rqn3hjDRT
    c0L2msWfzNJW85av15pKRQ6qXSyNOTszutH/0i2qdObBgWeHsY2hU3/9+KNuMGww
    HwYDVR0RBBgwFoIObXguZXhhbXBsZS5vcmeHBH8AAAEwCQYDVR0TBAIwADAdBgNV
    HQ4EFgQUSdZhnt+mHXR8IoBqlzidSD8sVCIwHwYDVR0jBBgwFoAUkAL8udlp9sYS
    NnhhuhV+I5rJMYgwCgYIKoZIzj0EAwIDRwAwRAIgORNpBICfLrdlfNjK3u8F6Xtl
    AOlERIRk3DyGYYNt5f0CIAXWLoV+5L+Rka4z+hrEKbW2iT7OWuNDERf5F8leiXzF
    -----END CERTIFICATE-----
    """)

  static let key = bytes(
    """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgY0YHzGHJWfXiUr/e
    CX2XOJOt9BCBLloEe+vOq5WJj8mhRANCAASOqa0ZFm19WS+MylT4b9GqfeGMNFNz
    QvaaxZ/M0lbzlq/XmkpFDqpdLI05OzO60f/SLap05sGBZ4exjaFTf/34
    -----END PRIVATE KEY-----
    """)
}
