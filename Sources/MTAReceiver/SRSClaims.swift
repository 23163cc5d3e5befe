package import MTACore

/// What an ``SRSRewriter`` of this domain claims, for a process that has no secret: it rewrites nothing, and restores nothing.
package struct SRSClaims: ReversePathRewriter {
  package let domain: Domain

  package init(domain: Domain) { self.domain = domain }

  package func claims(_ recipient: Mailbox) -> Bool { SRSRewriter.claims(recipient, at: domain) }
  package func rewrite(_ sender: Mailbox, at now: Timestamp) -> Mailbox? { nil }
  package func restore(_ recipient: Mailbox, at now: Timestamp) -> Restoration { .unknown }
}
