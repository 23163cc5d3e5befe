import Logging
import MTACore
import MTADNS
import MTADelivery
import MTAReceiver

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Settings {
  /// The configuration of the receiver.
  var receiver: Receiver.Configuration {
    var session = SessionConfiguration(
      serverName: serverName.description, serverTitle: serverTitle, postmaster: postmasterName,
      localDomains: Set(localDomains),
      memberPorts: enforceMemberPorts
        ? MemberPortRule(standardPort: standardMailPort, submissionPort: submissionPort) : nil)
    session.greetingRules =
      (ehloDomainRequired ? [DomainRequiredRule()] : []) + (ehloDomainVerifies ? [DomainInDNSRule()] : [])
    session.signingDomains = Set(dkim.keys)
    session.enforceAuthor = enforceAuthor
    session.honours.formUnion(QueueRunner.honours)
    session.checksRoutes = smarthost == nil
    let routes = routeTable { Self.target($0) }
    session.hasOwnRoute = { domain in
      guard let target = routes.match(domain)?.value else { return false }
      return target != .exchangers
    }
    let (ignored, own, port) = (ignoreTargets, ownPlaces, remoteSMTPPort)
    session.isTarget = { !ignored.lead(to: $0) && !own.contain($0, port: port) }
    session.maximumMessageBytes = maximumMessageBytes
    session.maximumRecipients = maximumRecipients
    session.maximumErrors = maximumErrorsPerSession
    session.maximumCommandsWithoutMail = maximumCommandsWithoutMail
    session.maximumLoginFailures = maximumLoginFailuresPerSession
    session.maximumReceivedFields = maximumReceivedFields
    let listeners = listeningPorts.map {
      Receiver.Listener(
        $0, role: role(of: $0.port), implicitTLS: implicitTLSPorts.contains($0.port),
        speaksLMTP: lmtpPorts.contains($0.port), expectsProxy: proxyPorts.contains($0.port))
    }
    var configuration = Receiver.Configuration(session: session, listeners: listeners)
    configuration.timing.command = receiverTimeout
    configuration.contacts = ContactPolicy(
      maximumViolations: maxFailedMessagesPerPeriod, prohibited: prohibitedSeconds, neverProhibit: neverProhibit)
    configuration.logins.triesPerMinute = maximumLoginTriesPerMinute
    configuration.logins.refusalsPerHour = maximumRefusedLoginsPerHour
    configuration.trustedNetworks = trustedNetworks
    configuration.proxies = proxies
    configuration.xclientNetworks = xclientNetworks
    configuration.maximumConnections = maximumConnections
    configuration.maximumSessionMemory = maximumSessionMemory
    configuration.maximumConnectionsPerAddress = maximumConnectionsPerAddress
    configuration.messageIDBase = messageIDBase
    return configuration
  }

  /// Finds the routes that are looked up before a recipient is accepted.
  func router(_ dns: any DNSLookup) -> Router {
    Router(
      dns: dns, serverName: serverName.description, port: remoteSMTPPort,
      routes: routeTable { DeliveryRoute($0.target) },
      fallback: smarthost.map { DeliveryRoute($0.usesImplicitTLS ? .smtps($0.server) : .smtp($0.server)) },
      own: ownPlaces, ignored: ignoreTargets)
  }

  /// The configuration of the resolver.
  var resolver: ResolverConfiguration {
    var configuration = resolvers.isEmpty ? .system() : ResolverConfiguration(servers: resolvers)
    if trustResolvers { configuration.trustsAuthenticatedData = true }
    return configuration
  }

  /// The configuration of the queue runner.
  ///
  /// - Throws: ``StartFailure`` if a password cannot be read, or if values that were set in Swift make no sense.
  func runner() throws(StartFailure) -> QueueRunner.Configuration {
    var configuration = QueueRunner.Configuration(serverName: serverName.description)
    configuration.localDelivery = localDelivery
    configuration.smarthost = smarthost?.server
    configuration.smarthostUsesImplicitTLS = smarthost?.usesImplicitTLS ?? false
    configuration.smarthostCredentials = try credentials(smarthostUser, smarthostPasswordFile, "smarthostPasswordFile")
    configuration.smarthostTLS = smarthostTLS
    try setWays(of: &configuration)
    try setLimits(of: &configuration)
    configuration.remoteSMTPPort = remoteSMTPPort
    configuration.ignoreTargets = ignoreTargets
    configuration.retrySchedule = retrySchedule
    configuration.delayWarning = delayWarning
    configuration.reportBurst = reportBurst
    configuration.reportInterval = reportInterval
    configuration.maximumReturned = maximumReturnedBytes
    configuration.postmaster = postmasterName
    configuration.reportSender = Mailbox(localPart: "MAILER-DAEMON", domain: postmasterName.domain)
    configuration.messageIDBase = messageIDBase
    configuration.timeouts = DeliveryTimeouts(command: queueRunnerTimeout)
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
    if getuid() == 0 {
      logger.warning("isolation: running as root in one process; a fault in it would have root's rights")
    }
    if certificate == nil { logger.notice("certificate: none, so there is no STARTTLS and no AUTH") }
  }
}
