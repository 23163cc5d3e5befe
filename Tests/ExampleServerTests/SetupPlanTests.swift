import Foundation
import MTACore
import MTADelivery
import MTAServer
import MTASystem
import Testing

@testable import MTACommands

/// The settings that `setup` writes are settings, whoever the server is.
@Suite struct SetupPlanTests {
  private static let users = SetupIdentity.Users(
    user: "701", group: "701", userNumber: 701, groupNumber: 701, receiver: "702", areNumbers: true)

  private func settings(
    _ identity: SetupIdentity, user: String = "ann@village.example", ports: SetupPlan.Ports = .standard,
    localDelivery: String? = nil
  ) throws -> Settings {
    let plan = SetupPlan(
      domain: try #require(Domain("village.example")), host: try #require(Domain("mail.village.example")),
      user: try #require(Mailbox(user)), passwordHash: "*", selector: "s1", ports: ports, identity: identity,
      localDelivery: localDelivery, trustsResolvers: true)
    return try Settings(text: Array(plan.text.utf8), at: "/srv/mail/mta.json")
  }

  @Test func whoTheServerIsStandsInItsSettings() throws {
    let own = try settings(.own, ports: .high)
    #expect(own.userName == nil && own.listeningPorts.count == 3 && own.submissionPorts == [2587])
    #expect(own.certificate == "/srv/mail/keys/certificate.pem" && own.mailQueue == "/srv/mail/state/queue")
    #expect(try settings(.root(because: "/root")).isolation == .inProcess)
    let given = try settings(.users(Self.users))
    #expect(given.userName == "701" && given.groupName == "701" && given.receiverUserName == "702")
    #expect(given.implicitTLSPorts == [465] && given.trustResolvers)
  }

  @Test(arguments: ["postmaster@village.example", "\"a \\\"b\"@village.example", "jürgen@village.example"])
  func anyMailboxCanBeTheFirst(_ text: String) throws {
    let settings = try settings(.own, user: text)
    let user = try #require(Mailbox(text))
    #expect(settings.users.keys.map(\.self) == [user.caseFolded] && settings.postmasterName == user)
    #expect(settings.aliases.targets(of: try #require(Mailbox("abuse@village.example"))) == [user])
    // A user of that name has the mail, not an alias that leads in a circle.
    #expect(
      (settings.aliases.targets(of: try #require(Mailbox("postmaster@village.example"))) == nil)
        == (user.localPart == "postmaster"))
  }

  @Test func whatTheServerWritesCanLieElsewhere() throws {
    let plan = SetupPlan(
      domain: try #require(Domain("village.example")), host: try #require(Domain("mail.village.example")),
      user: try #require(Mailbox("ann@village.example")), passwordHash: "*", selector: "s1", ports: .high,
      identity: .own,
      state: "/var/lib/swift-mta")
    let settings = try Settings(text: Array(plan.text.utf8), at: "/srv/mail/mta.json")
    #expect(settings.database == "/var/lib/swift-mta/mta.db" && settings.srsSecret == "/var/lib/swift-mta/srs.secret")
    #expect(settings.runner.localDelivery == LocalDelivery("maildir:/var/lib/swift-mta/maildir"))
    #expect(settings.privateKey == "/srv/mail/keys/key.pem")
  }

  @Test func aServiceWritesInItsFoldersAlone() throws {
    let plan = SetupPlan(
      domain: try #require(Domain("village.example")), host: try #require(Domain("mail.village.example")),
      user: try #require(Mailbox("ann@village.example")), passwordHash: "*", selector: "s1", ports: .standard,
      identity: .users(Self.users), state: ServicePlaces.state, isService: true)
    let settings = try Settings(text: Array(plan.text.utf8), at: "/etc/mta/mta.json")
    #expect(settings.lockFile == "/run/swift-mta/mta.lock" && settings.pidFile == "/run/swift-mta/mta.pid")
    #expect(settings.maildrop == "/var/spool/swift-mta/maildrop" && settings.submitSocket == "/run/swift-mta/submit")
    #expect(settings.mailQueue == "/var/lib/swift-mta/queue" && settings.database == "/var/lib/swift-mta/mta.db")
  }

  @Test func mailCanGoToAnotherProgram() throws {
    let place = try #require(LocalDelivery("lmtp:/run/dovecot/lmtp"))
    #expect(try settings(.own, localDelivery: "lmtp:/run/dovecot/lmtp").runner.localDelivery == place)
    #expect(throws: SettingsFailure.self) { try settings(.own, localDelivery: "pigeon:loft") }
  }

  @Test func aFolderThatTheServerCannotEnterIsFound() throws {
    let scratch = try TemporaryFolder()
    let root = scratch.url.resolvingSymlinksInPath().path
    let inner = root + "/a/b"
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    func mode(_ mode: Int, _ path: String) throws {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
    let stranger = SetupIdentity.Users(
      user: "4000000001", group: "4000000001", userNumber: 4_000_000_001, groupNumber: 4_000_000_001)
    try mode(0o711, root)
    // What is above the folder is the machine's.
    let above = SetupIdentity.obstacle(to: root, for: stranger)
    try mode(0o711, root + "/a")
    try mode(0o701, inner)
    #expect(SetupIdentity.obstacle(to: inner, for: stranger) == above)
    #expect(SetupIdentity.obstacle(to: inner + "/new/folder", for: stranger) == above)
    try mode(0o710, root + "/a")
    #expect(SetupIdentity.obstacle(to: inner, for: stranger) == above ?? root + "/a")
    // The owner may enter by the owner's bit, and the group by its own.
    let status = try DurableFiles().status(root, at: "test")
    let owner = SetupIdentity.Users(user: "", group: "", userNumber: status.owner, groupNumber: status.group)
    #expect(above != nil || SetupIdentity.obstacle(to: inner, for: owner) == nil)
    let member = SetupIdentity.Users(user: "", group: "", userNumber: 4_000_000_001, groupNumber: status.group)
    try mode(0o750, inner)
    #expect(above != nil || SetupIdentity.obstacle(to: inner, for: member) == nil)
  }

  @Test func rootIsNoUserOfAServer() {
    #expect(throws: SetupIdentity.Trouble.self) { try SetupIdentity.users("root") }
    #expect(throws: SetupIdentity.Trouble.self) { try SetupIdentity.users("no-such-user-here") }
    let standard = try? SetupIdentity.users(nil)
    #expect(standard.map { $0.userNumber != 0 && $0.groupNumber != 0 } ?? true)
  }
}
