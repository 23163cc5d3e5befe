/// The algorithms of signatures (RFC 6376 §3.3, RFC 8463 §3). The historic `rsa-sha1` is left out (RFC 8301 §3.1).
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

/// Which changes on the way a signature allows (RFC 6376 §3.4).
public enum DKIMCanonicalization: String, Hashable, Sendable, CaseIterable {
  /// Only empty lines at the end of the body.
  case simple
  /// Also folding, the case of field names, and blanks: their number, and those at line ends.
  case relaxed

  /// What `c=` says, for comparison with octets.
  var word: StaticString {
    switch self {
    case .simple: "simple"
    case .relaxed: "relaxed"
    }
  }
}
