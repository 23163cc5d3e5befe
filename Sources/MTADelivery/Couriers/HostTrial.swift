import MTACore

/// What the hosts that were tried for one mail came to, all in all.
struct HostTrial {
  private(set) var trouble: DeliveryTrouble?
  private(set) var host: String?
  private(set) var policy: TLSPolicy?
  /// What came of the first server that answered, and did not take the mail now.
  private(set) var deferral: Attempt?
  /// Whether another one answered after it.
  private(set) var hasSecondAnswer = false
  /// Where it said so, if that was on a connection that was open before.
  private(set) var asked: ServerEndpoint?
  /// TLS or its policy kept a mail from going: that says nothing about mail of other domains or senders.
  var isAboutPolicy = false
  /// We ourselves were an exchanger's address, so that those behind it were not tried. Another domain with the same servers may have
  /// them in another order.
  var isAtOurselves = false

  init() {}

  /// - Parameter deferral: of this server, which is not asked again.
  init(after deferral: Attempt, at asked: ServerEndpoint) {
    self.deferral = deferral
    self.asked = asked
  }

  /// The last word stands, but not before one that passes if it does not itself (RFC 8689 §4.2.1: every host is tried).
  mutating func note(_ new: DeliveryTrouble, host: String? = nil, under policy: TLSPolicy? = nil) {
    switch new {
    case .tls, .untrustedCertificate, .tlsNotOffered, .tlsPolicy, .requireTLSUnmet, .requireTLSNotOffered,
      .bytesBeforeTLS:
      isAboutPolicy = true
    default: break
    }
    if let trouble, OutcomeClassifier.judge(trouble).outcome == .deferred,
      OutcomeClassifier.judge(new).outcome == .failed
    {
      return
    }
    trouble = new
    self.host = host ?? self.host
    self.policy = policy ?? self.policy
  }

  /// A server's answer about the mail; tells what that comes to, or nil when another server is to be asked.
  ///
  /// RFC 5321 §5.1: hosts are tried in order until an attempt succeeds, at least two of them. So a first server that wants the mail
  /// later, for whatever reason and for all recipients, or breaks off on the way, is followed by one more. What that one takes is delivered; what it refuses
  /// for good the first one might have taken, and may take yet.
  mutating func hear(_ attempt: Attempt) -> Attempt? {
    guard let deferral else {
      guard attempt.isPutOff else { return attempt }
      self.deferral = attempt
      return nil
    }
    hasSecondAnswer = true
    guard attempt.results.contains(where: { $0.outcome == .delivered }) else { return deferral }
    var merged = attempt
    merged.results = zip(attempt.results, deferral.results).map { $0.outcome == .failed ? $1 : $0 }
    return merged
  }
}

extension Attempt {
  /// A server said for every recipient that it will not take the mail now, or cannot have taken it. Where the connection broke off behind
  /// the content it may have (RFC 1047).
  var isPutOff: Bool { results.allSatisfy { $0.outcome == .deferred && ($0.reply != nil || $0.isCutOff) } }
}
