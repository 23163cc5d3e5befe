import Logging
import MTACore
package import MTADNS
import MTADelivery
import MTAReceiver

extension Settings {
  /// The configuration of the receiver: ``receiver``, and what follows from the other settings.
  var receiverConfiguration: Receiver.Configuration {
    var configuration = receiver
    configuration.session = session
    configuration.listeners = listeningPorts.map {
      Receiver.Listener(
        $0, role: role(of: $0.port), implicitTLS: implicitTLSPorts.contains($0.port),
        speaksLMTP: lmtpPorts.contains($0.port), expectsProxy: proxyPorts.contains($0.port))
    }
    return configuration
  }

  private var session: SessionConfiguration {
    var session = receiver.session
    let founding = SessionConfiguration(
      serverName: serverName.description, serverTitle: serverTitle, postmaster: postmasterName,
      localDomains: Set(localDomains),
      memberPorts: enforceMemberPorts
        ? MemberPortRule(standardPort: standardMailPort, submissionPort: submissionPort) : nil)
    session.serverName = founding.serverName
    session.serverTitle = founding.serverTitle
    session.postmaster = founding.postmaster
    session.localDomains = founding.localDomains
    session.senderRules = founding.senderRules
    session.recipientRules = founding.recipientRules
    session.greetingRules =
      (ehloDomainRequired ? [DomainRequiredRule()] : []) + (ehloDomainVerifies ? [DomainInDNSRule()] : [])
    session.signingDomains = Set(dkim.keys)
    session.honours.formUnion(QueueRunner.honours)
    session.checksRoutes = smarthost == nil
    let routes = routeTable { Self.target($0) }
    session.hasOwnRoute = { domain in
      guard let target = routes.match(domain)?.value else { return false }
      return target != .exchangers
    }
    let (ignored, own, port) = (runner.ignoreTargets, ownPlaces, runner.remoteSMTPPort)
    session.isTarget = { !ignored.lead(to: $0) && !own.contain($0, port: port) }
    return session
  }

  /// Finds the routes that are looked up before a recipient is accepted.
  func router(_ dns: any DNSLookup) -> Router {
    Router(
      dns: dns, serverName: serverName.description, port: runner.remoteSMTPPort,
      routes: routeTable { DeliveryRoute($0.target) },
      fallback: smarthost.map { DeliveryRoute($0.usesImplicitTLS ? .smtps($0.server) : .smtp($0.server)) },
      own: ownPlaces, ignored: runner.ignoreTargets)
  }

  /// The configuration of the resolver.
  package var resolver: ResolverConfiguration {
    var configuration = resolvers.isEmpty ? .system() : ResolverConfiguration(servers: resolvers)
    if trustResolvers { configuration.trustsAuthenticatedData = true }
    return configuration
  }

  /// The configuration of the queue runner: ``runner``, and what follows from the other settings.
  ///
  /// - Throws: ``StartFailure`` if a password cannot be read, or if values that were set in Swift make no sense.
  func runnerConfiguration() throws(StartFailure) -> QueueRunner.Configuration {
    var configuration = runner
    configuration.serverName = serverName.description
    configuration.smarthostCredentials = try credentials(smarthostUser, smarthostPasswordFile, "smarthostPasswordFile")
    try setWays(of: &configuration)
    for (pattern, limit) in destinationLimits where !configuration.destinationLimits.set(limit, for: pattern) {
      throw StartFailure("destinationLimits: \(pattern) is no domain, .domain or *")
    }
    configuration.postmaster = postmasterName
    configuration.reportSender = Mailbox(localPart: "MAILER-DAEMON", domain: postmasterName.domain)
    return configuration
  }

  /// A listening port without a role is a standard port, and with implicit TLS a submission port (RFC 8314 §3.3).
  private func role(of port: UInt16) -> PortRole {
    if port == standardMailPort { return .standard }
    if port == internalSubmitPort { return .internalSubmit }
    if submissionPorts.contains(port) { return .submission }
    return implicitTLSPorts.contains(port) && !lmtpPorts.contains(port) ? .submission : .standard
  }

  /// Logs settings without effect, and problems for an operator.
  func logNotes(to logger: Logger) {
    for key in noted { logger.notice("\(key): accepted, but takes effect in a later version") }
    if let rootWarning { logger.warning("\(rootWarning)") }
    if !hasCertificate { logger.notice("certificate: none, so there is no STARTTLS and no AUTH") }
  }
}
