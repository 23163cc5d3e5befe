/// How a signature is made (RFC 6376 §3.3, RFC 8463 §3). The historic `rsa-sha1` is not among them (RFC 8301 §3.1).
public enum DKIMAlgorithm: String, Hashable, Sendable, CaseIterable {
  case rsaSHA256 = "rsa-sha256"
  case ed25519SHA256 = "ed25519-sha256"

  /// What `a=` says, for comparison with octets.
  var word: StaticString {
    switch self {
    case .rsaSHA256: "rsa-sha256"
    case .ed25519SHA256: "ed25519-sha256"
    }
  }

  /// What `k=` of a key record calls the kind of key.
  var keyType: StaticString {
    switch self {
    case .rsaSHA256: "rsa"
    case .ed25519SHA256: "ed25519"
    }
  }
}

/// How much change on the way a signature forgives (RFC 6376 §3.4).
public enum DKIMCanonicalization: String, Hashable, Sendable, CaseIterable {
  /// None but empty lines at the end of the body.
  case simple
  /// Folding, the case of field names, and runs and line ends of blanks as well.
  case relaxed

  /// What `c=` says, for comparison with octets.
  var word: StaticString {
    switch self {
    case .simple: "simple"
    case .relaxed: "relaxed"
    }
  }
}
