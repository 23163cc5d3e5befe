/// Keys and certificates that exist for these tests alone; valid until 2126.
enum Fixtures {
  static func bytes(_ pem: String) -> [UInt8] { Array(pem.utf8) }

  /// An authority that signed ``certificate``.
  static let authority = bytes(
    """
    -----BEGIN CERTIFICATE-----
    MIIBmzCCAUGgAwIBAgIUQdkR26OSkKh5jvVUnxRnnvirTdowCgYIKoZIzj0EAwIw
    IjEgMB4GA1UEAwwXU3dpZnRNVEEgdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMTQw
    ODAyWhgPMjEyNjEwMzAxNDA4MDJaMCIxIDAeBgNVBAMMF1N3aWZ0TVRBIHRlc3Qg
    YXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEO78cU9T8t9HBxPiZ
    Jf1gbsa7eCKd7acYEEV5IoEg02pEarVTfRBPQGDgh5YSNK6REspQeyHXq+1Ms8US
    Lp2VaqNTMFEwHQYDVR0OBBYEFJAC/LnZafbGEjZ4YboVfiOayTGIMB8GA1UdIwQY
    MBaAFJAC/LnZafbGEjZ4YboVfiOayTGIMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZI
    zj0EAwIDSAAwRQIhAJ78rz8u3z+dfjq27L3G1leLFkPTSeJdwPxMozDwjmxKAiBY
    uTz7kgBsPe5xtO1KPzjOin+6N+JXGwYn51ynrTwsFg==
    -----END CERTIFICATE-----
    """)

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

  /// For `mail.other.example` and `*.other.example`, with ``otherKey``.
  static let otherCertificate = bytes(
    """
    -----BEGIN CERTIFICATE-----
    MIIBwzCCAWmgAwIBAgIUe7kLEtX06WSxU90LzT+F86qLDgkwCgYIKoZIzj0EAwIw
    HTEbMBkGA1UEAwwSbWFpbC5vdGhlci5leGFtcGxlMCAXDTI2MTEzMDA2Mzc1OVoY
    DzIxMjYxMTA2MDYzNzU5WjAdMRswGQYDVQQDDBJtYWlsLm90aGVyLmV4YW1wbGUw
    WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQlq07wTidrZulYmUQbsSgHFKKW389C
    V83l3Dq7SjdVOGuMVKZoUCyhP6sbX8CWV2jn6vefscRyi6XH3gB75o+1o4GEMIGB
    MB0GA1UdDgQWBBSXVXYc7yPX9OraZCNaRb4wGkB3cTAfBgNVHSMEGDAWgBSXVXYc
    7yPX9OraZCNaRb4wGkB3cTAPBgNVHRMBAf8EBTADAQH/MC4GA1UdEQQnMCWCEm1h
    aWwub3RoZXIuZXhhbXBsZYIPKi5vdGhlci5leGFtcGxlMAoGCCqGSM49BAMCA0gA
    MEUCIGvufXpqPi2YEJKRLooLUlyxTmracJvs6efuDTwsI92BAiEAqb9e6ZO3Lt2W
    4PljKbBjhAkAds7T5BC83y7QkRKEUGU=
    -----END CERTIFICATE-----
    """)

  /// Not that of ``certificate``.
  static let otherKey = bytes(
    """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0TM38ENglWpMXlVG
    mYOa3qGCQ5OdnUfibkJ2ptjJ7ZShRANCAAQlq07wTidrZulYmUQbsSgHFKKW389C
    V83l3Dq7SjdVOGuMVKZoUCyhP6sbX8CWV2jn6vefscRyi6XH3gB75o+1
    -----END PRIVATE KEY-----
    """)

  /// Encrypted with a password.
  static let lockedKey = bytes(
    """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjpRG2rWBvpSgICCAAw
    DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEGmT+zLK9cz4tqkhnDuZ0wgEgZD8
    v4qJma3bLRiKqbdzGVdch1ywZsQvcNBXdPdUhTongppqLk9j7AbFWgEvHkDLIiy0
    t6wnGgfqtz5Z/Z4M6Ox6wXkVNKf8i2FzeK4fIQ+J5oLYsPDCcgM/I1rSesCSbPq/
    NaZmQmZaGnQidlG0YjsM4uUBxQT4OpEzdRYSGmmrAcDb+oq2zv4t6vq9A9Z4cOk=
    -----END ENCRYPTED PRIVATE KEY-----
    """)
}
