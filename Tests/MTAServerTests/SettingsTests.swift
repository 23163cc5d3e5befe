import MTACore
import MTADNS
import MTADelivery
import MTAReceiver
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct SettingsTests {
  /// Reads settings from text as from a file in `/srv/mta`.
  private func read(_ json: String) throws -> Settings {
    try Settings(JSONDecoder().decode([String: AttributeValue].self, from: Data(json.utf8)), folder: "/srv/mta")
  }

  private func problems(_ json: String) throws -> [String] {
    do {
      _ = try read(json)
      return []
    } catch let failure as SettingsFailure {
      return failure.problems
    }
  }

  @Test func onlyTheNameIsRequired() throws {
    let settings = try read(#"{"serverName": "mail.example.org"}"#)
    #expect(settings.listeningPorts.map(\.description) == ["2525", "2526", "2587"])
    #expect(settings.postmasterName.description == "postmaster@example.org")
    #expect(settings.runner.localDelivery == .maildir(directory: "/srv/mta/maildir"))
    #expect(settings.database == "/srv/mta/mta.db")
    #expect(settings.runner.retrySchedule.map(\.components.seconds) == [60, 300, 900, 3600, 7200, 14_400])
    #expect(settings.noted.isEmpty)
    #expect(try problems("{}") == ["serverName: is required"])
  }

  @Test func everyProblemIsNamed() throws {
    let found = try problems(
      #"{"serverName": "a.example", "nonsense": 1, "standardMailPort": "25", "receiverTimeout": 0, "localDelivery": "maildir:", "listeningPorts": ["1:2:3"], "certificate": "x.pem", "users": {"a@b": 5}}"#
    )
    #expect(
      found.map { $0.prefix { $0 != ":" } }.sorted() == [
        "listeningPorts", "localDelivery", "nonsense", "privateKey", "receiverTimeout", "standardMailPort", "users",
      ])
  }

  @Test func portsForMembersStandSideBySide() throws {
    func roles(_ json: String) throws -> [String] {
      let settings = try read(
        #"{"serverName": "a.example", "certificate": "c", "privateKey": "k", "listeningPorts": ["25", "465", "587", "24"], "#
          + #""standardMailPort": 25, "lmtpPorts": [24], \#(json)}"#)
      return settings.receiverConfiguration.listeners.map { "\($0.address.port) \($0.role.rawValue) \($0.implicitTLS)" }
    }
    let both = ["25 standard false", "465 submission true", "587 submission false", "24 standard false"]
    #expect(try roles(#""submissionPort": 587, "implicitTLSPorts": [465]"#) == both)
    #expect(try roles(#""submissionPorts": [587, 465], "implicitTLSPorts": [465]"#) == both)
    #expect(try roles(#""submissionPorts": [587, 465], "submissionPort": 587, "implicitTLSPorts": [465]"#) == both)
    // A port that has a role keeps it.
    #expect(try roles(#""submissionPort": 587, "implicitTLSPorts": [25, 24]"#)[0] == "25 standard true")
    #expect(try roles(#""submissionPort": 587, "implicitTLSPorts": [25, 24]"#)[3] == "24 standard true")
    #expect(
      try problems(#"{"serverName": "a.example", "submissionPort": 465, "submissionPorts": [587, 465]}"#)
        .map { $0.prefix { $0 != ":" } } == ["submissionPort"])
  }

  @Test func waysToOthers() throws {
    let settings = try read(
      #"{"serverName": "a.example", "smarthost": "relay.example:587", "smarthostUser": "u", "smarthostPasswordFile": "pw", "#
        + #""smarthostTLS": "dane", "sourceAddresses": ["192.0.2.1", "2001:db8::1"], "dane": false, "mtaSTS": false, "#
        + #""mtaSTSCache": "c", "trustRoots": "/roots.pem", "tlsPolicies": {".lab.example": "verify", "*": "encrypt"}, "#
        + #""routes": {"b.example": "mx:c.example", "*": {"to": "smtps:r.example:465", "user": "v", "passwordFile": "q", "#
        + #""tls": "verify", "from": ["192.0.2.2"]}}}"#)
    #expect(settings.smarthostUser == "u" && settings.smarthostPasswordFile == "/srv/mta/pw")
    #expect(settings.runner.smarthostTLS == .dane && settings.sourceAddresses.count == 2)
    #expect(
      !settings.runner.usesDANE && !settings.mtaSTS && settings.mtaSTSCache == "/srv/mta/c"
        && settings.trustRoots == "/roots.pem")
    #expect(settings.tlsPolicies == [".lab.example": .verify, "*": .encrypt])
    #expect(settings.routes["b.example"]?.target.description == "mx:c.example")
    let all = Settings.Route(
      .smtps(HostAndPort("r.example:465")!), tls: .verify, user: "v", passwordFile: "/srv/mta/q",
      sourceAddresses: [IPAddress("192.0.2.2")!])
    #expect(settings.routes["*"] == all)
  }

  @Test(arguments: [
    #""routes": {"a b": "mx"}"#, #""routes": {"a.example": "smtp:x"}"#, #""routes": {"a.example": {"tls": "verify"}}"#,
    #""routes": {"a.example": {"to": "mx", "user": "u"}}"#, #""routes": {"a.example": {"to": "mx", "color": "red"}}"#,
    #""routes": ["mx"]"#, #""tlsPolicies": {"a.example": "maybe"}"#, #""tlsPolicies": {"*.example": "verify"}"#,
    #""sourceAddresses": ["192.0.2.1", "192.0.2.2"]"#, #""sourceAddresses": ["x"]"#, #""smarthostTLS": "yes""#,
    #""smarthostUser": "u""#, #""smarthostPasswordFile": "pw""#,
  ])
  func waysThatLeadNowhere(setting: String) throws {
    #expect(try problems(#"{"serverName": "a.example", \#(setting)}"#).count == 1)
  }

  @Test(arguments: ["maildir:/var/mail", "lmtp:127.0.0.1:24", "lmtp:/run/lmtp", "smtp:[::1]:25", "none"])
  func localDelivery(text: String) throws {
    #expect(
      try read(#"{"serverName": "a.example", "localDelivery": "\#(text)"}"#).runner.localDelivery.description == text)
  }

  @Test(arguments: ["spamc:127.0.0.1:783", "spamc:/run/spamd.sock", "rspamd:localhost:11333", "rspamd:[::1]:11333"])
  func contentFilter(text: String) throws {
    let json =
      #"{"serverName": "a.example", "contentFilter": "\#(text)", "contentFilterFails": "closed", "contentFilterMarks": 5.5, "#
      + #""contentFilterHolds": 8, "contentFilterRejects": "none", "contentFilterOnReject": "discard", "contentFilterTimeout": 2.5, "contentFilterMaximumBytes": 10, "#
      + #""contentFilterChecks": 3, "contentFilterUser": "recipient", "contentFilterPassword": "none"}"#
    let settings = try read(json)
    #expect(settings.contentFilter?.description == text)
    #expect(settings.filtering.failing == .closed)
    #expect(settings.filtering.marksFrom == 5.5)
    #expect(settings.filtering.holdsFrom == 8)
    #expect(settings.filtering.rejectsFrom == nil)
    #expect(settings.filtering.onReject == .discard)
    #expect(settings.contentFilterUser == "recipient")
    #expect(settings.contentFilterPassword == nil)
  }

  @Test func contentFilterForms() throws {
    #expect(try read(#"{"serverName": "a.example", "contentFilter": "none"}"#).contentFilter == nil)
    #expect(try read(#"{"serverName": "a.example"}"#).filtering.onReject == .hold)
    #expect(try problems(#"{"serverName": "a.example", "contentFilterOnReject": "reject"}"#).count == 1)
    for text in [
      "", "spamc", "spamc:", "spamc:127.0.0.1", "spamc:relative", "milter:127.0.0.1:1",
      "spamc:/\(String(repeating: "x", count: 108))",
    ] {
      #expect(
        try problems(#"{"serverName": "a.example", "contentFilter": "\#(text)"}"#).map { $0.prefix { $0 != ":" } }
          == ["contentFilter"])
    }
    for value in ["\"5\"", "1e9", "true", "\"open\""] {
      #expect(try problems(#"{"serverName": "a.example", "contentFilterMarks": \#(value)}"#).count == 1)
    }
  }

  @Test func limitsOfDestinations() throws {
    let settings = try read(
      #"""
      {"serverName": "mail.x.example", "maximumDeliveries": 7, "deliveriesPerDestination": 3,
       "destinationLimits": {"slow.example": {"interval": 0.5}, ".wide.example": {"deliveries": 40}}}
      """#)
    #expect(settings.runner.maximumDeliveries == 7)
    #expect(settings.destinationLimits["slow.example"] == DestinationLimit(deliveries: 3, interval: .milliseconds(500)))
    #expect(settings.destinationLimits[".wide.example"] == DestinationLimit(deliveries: 40))
    for wrong in [
      #"{"a..b": {"deliveries": 1}}"#, #"{"a.example": {"deliveries": 0}}"#, #"{"a.example": {"pause": 1}}"#, "[]",
    ] {
      #expect(throws: SettingsFailure.self) {
        try read(#"{"serverName": "mail.x.example", "destinationLimits": \#(wrong)}"#)
      }
    }
  }

  @Test func howMuchIsReportedIsSet() throws {
    let settings = try read(
      #"{"serverName": "a.example", "reportBurst": 3, "reportInterval": 0.5, "maximumReturnedBytes": 0}"#)
    let runner = try settings.runnerConfiguration()
    #expect(runner.reportBurst == 3)
    #expect(runner.reportInterval == .milliseconds(500))
    #expect(runner.maximumReturned == 0)
  }

  @Test func aSmarthostMaySpeakTLSAtOnce() throws {
    for (text, isImplicit) in [("relay.example:465", false), ("smtps:relay.example:465", true)] {
      let settings = try read(#"{"serverName": "a.example", "smarthost": "\#(text)"}"#)
      #expect(settings.smarthost?.description == text)
      let runner = try settings.runnerConfiguration()
      #expect(runner.smarthost == HostAndPort("relay.example:465"))
      #expect(runner.smarthostUsesImplicitTLS == isImplicit)
    }
    #expect(try read(#"{"serverName": "a.example", "smarthost": "none"}"#).runnerConfiguration().smarthost == nil)
    for wrong in ["lmtp:relay.example:24", "smtps:", "mx", "smtps:relay.example"] {
      #expect(throws: SettingsFailure.self) { try read(#"{"serverName": "a.example", "smarthost": "\#(wrong)"}"#) }
    }
  }

  @Test func everyFoundingKeyIsTaken() throws {
    let settings = try read(
      #"""
      {"serverName": "mail.tzar.example", "serverTitle": "Test Mail", "postmasterName": "postmaster@tzar.example",
       "listeningPorts": ["2000", "127.0.0.1:2001", "::1/2002", "[::1]:2003"], "standardMailPort": 2000, "internalSubmitPort": 2001,
       "submissionPort": 2002, "implicitTLSPorts": [2003], "localDelivery": "lmtp:127.0.0.1:24", "remoteSMTPPort": 25, "smarthost": "none",
       "localDomains": ["tzar.example"], "users": {"coco@tzar.example": "$5$x", "box@tzar.example": "*"}, "aliases": {"a@tzar.example": ["coco@tzar.example"]},
       "resolvers": ["127.0.0.1:5353", "localhost:5354"], "certificate": "gmta.crt", "privateKey": "gmta.key",
       "dkim": {"tzar.example": {"selector": "s1", "keyFile": "dkim.pem"}}, "database": "gmta.db", "mailQueue": "queue", "logFile": "/var/log/mta.log",
       "logRotation": "weekly, keep 4", "pidFile": "p", "lockFile": "l", "userName": "devel", "groupName": "devel", "isolation": "workers:2",
       "queueRunner": "off", "receiverTimeout": 0.5, "queueRunnerTimeout": 30, "retrySchedule": [1, 2.5], "queueLifetime": 10, "delayWarning": 5,
       "prohibitedSeconds": 3600, "maxFailedMessagesPerPeriod": 3, "neverProhibit": ["10.0.0.0/8"], "ehloDomainRequired": true,
       "ehloDomainVerifies": false, "enforceMemberPorts": false, "trustedNetworks": ["::1"], "showIncomingData": false, "dumpMailIntoLog": false,
       "displayReceiverDialog": false, "logReceiverConversation": true, "displayQueueRunnerDialog": false, "logQueueRunnerConversation": false,
       "messageIDBase": 36, "maximumMessageBytes": 1000, "maximumConnections": 5, "maximumConnectionsPerAddress": 4, "maximumRecipients": 3,
       "maximumErrorsPerSession": 2, "maximumLoginFailuresPerSession": 5, "maximumLoginTriesPerMinute": 6,
       "maximumRefusedLoginsPerHour": 7, "maximumReceivedFields": 1}
      """#)
    #expect(settings.listeningPorts.map(\.description) == ["2000", "127.0.0.1:2001", "[::1]:2002", "[::1]:2003"])
    #expect(settings.receiver.timing.command == .milliseconds(500))
    #expect(settings.resolvers.map(\.description) == ["127.0.0.1:5353", "127.0.0.1:5354"])
    #expect(settings.users[Mailbox("box@tzar.example")] == .some(nil))
    #expect(settings.isolation == .workers(2) && settings.noted.isEmpty)
    #expect(settings.dkim.values.first?.keyFile == "/srv/mta/dkim.pem")
  }

  @Test func theDelimiterOfRecipientsIsRead() throws {
    #expect(try read(#"{"serverName": "a.example"}"#).runner.recipientDelimiter == nil)
    let settings = try read(#"{"serverName": "a.example", "recipientDelimiter": "+-"}"#)
    #expect(settings.runner.recipientDelimiter?.description == "+-")
    #expect(try read(#"{"serverName": "a.example", "recipientDelimiter": "none"}"#).runner.recipientDelimiter == nil)
    for wrong in [#""""#, #""a""#, "true", #"["+"]"#] {
      #expect(throws: SettingsFailure.self) {
        try read(#"{"serverName": "a.example", "recipientDelimiter": \#(wrong)}"#)
      }
    }
  }

  @Test func aliasesAndForwardsAreRead() throws {
    let settings = try read(
      #"""
      {"serverName": "a.example", "aliases": {"Info@a.example": "b@far.example", "@a.example": ["c@a.example", "d@far.example"]},
       "forwards": {"Ann@a.example": {"to": ["ann@far.example"], "keepCopy": true}, "bob@a.example": {"to": "bob@far.example"}},
       "srsDomain": "srs.a.example", "srsSecret": "secret"}
      """#)
    let (info, ann) = (Mailbox("INFO@a.example"), Mailbox("ann@a.example"))
    #expect(settings.aliases.targets(of: info)?.map(\.description) == ["b@far.example"])
    #expect(settings.aliases.targets(of: ann) == nil)
    #expect(settings.aliases.catchAll(for: ann)?.count == 2)
    #expect(settings.aliases.catchAll(for: Mailbox("PostMaster@a.example")) == nil)
    #expect(settings.forwards[ann] == .init(to: [Mailbox("ann@far.example")], keepsCopy: true))
    #expect(settings.forwards[Mailbox("bob@a.example")]?.keepsCopy == false)
    #expect(settings.srsDomain == Domain("srs.a.example") && settings.srsSecret == "/srv/mta/secret")
    #expect(try read(#"{"serverName": "a.example", "srsDomain": "none"}"#).srsDomain == nil)
  }

  @Test(arguments: [
    #""aliases": {"a": ["b@c.example"]}"#, #""aliases": {"@": ["b@c.example"]}"#, #""aliases": {"a@b.example": []}"#,
    #""aliases": {"a@b.example": ["c"]}"#, #""forwards": {"a@b.example": "c@d.example"}"#,
    #""forwards": {"a@b.example": {"keepCopy": true}}"#,
    #""forwards": {"a@b.example": {"to": "c@d.example", "keep": true}}"#,
    #""forwards": {"a@b.example": {"to": "c@d.example", "keepCopy": 1}}"#, #""srsDomain": "[192.0.2.1]""#,
    #""srsSecret": """#,
  ])
  func forwardingAtFaultIsNamed(setting: String) throws {
    let found = try problems(#"{"serverName": "a.example", \#(setting)}"#)
    #expect(found.count == 1 && found[0].hasPrefix(String(setting.dropFirst().prefix { $0 != "\"" })))
  }
}
