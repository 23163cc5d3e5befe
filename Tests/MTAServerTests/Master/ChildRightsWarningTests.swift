import Foundation
import MTACore
import MTADelivery
import MTASystem
import MTATestSupport
import Testing

@testable import MTAServer

/// What a start says of the rights that this system can give its processes.
@Suite struct ChildRightsWarningTests {
  private let folder = TemporaryFolder()

  private func rights(receiver: String? = nil, isRoot: Bool = true) throws -> ChildRights {
    var settings = try Settings(serverName: "mx.test.example")
    settings.database = "/srv/mta.db"
    settings.mailQueue = "/srv/queue"
    settings.runner.localDelivery = .maildir(directory: "/srv/maildir")
    settings.dkim = [Domain("test.example"): .init(selector: "s", keyFile: folder.path + "/dkim.pem")]
    settings.smarthostPasswordFile = folder.path + "/password"
    settings.privateKey = folder.path + "/key.pem"
    settings.certificate = folder.path + "/cert.pem"
    settings.userName = isRoot ? "\(Self.user)" : nil
    settings.groupName = isRoot ? "65533" : nil
    settings.receiverUserName = receiver
    settings.isolation = .workers(2)
    return try ChildRights(settings, isRoot: isRoot)
  }

  /// Whoever runs the tests can give a file to it.
  private static let user: UInt32 = geteuid() == 0 ? 65_534 : geteuid()

  private func make(_ name: String, mode: mode_t) throws {
    _ = try DurableFiles().create(folder.path + "/" + name, at: "test")
    #expect(chown(folder.path + "/" + name, Self.user, gid_t.max) == 0)
    #expect(chmod(folder.path + "/" + name, mode) == 0)
  }

  private static let data = "database /srv/mta.db, mailQueue /srv/queue, localDelivery /srv/maildir"

  @Test func withoutLandlockOneUserReachesAll() throws {
    try make("dkim.pem", mode: 0o600)
    try make("password", mode: 0o000)
    try make("key.pem", mode: 0o600)
    let said = try rights().warnings(landlock: 0)
    #expect(said.count == 1)
    #expect(said.first?.hasPrefix("receiverUserName: receivers have the user of the queue process") == true)
    // Of the secrets those that the user can read.
    #expect(said.first?.contains("reaches \(Self.data), dkim \(folder.path)/dkim.pem; set it") == true, "\(said)")
  }

  @Test func aServerOfNoRootIsToldWhatItCanDo() throws {
    let said = try rights(isRoot: false).warnings(landlock: 0)
    #expect(said.count == 1 && said.first?.contains("; start it as root, with receiverUserName, or") == true, "\(said)")
  }

  @Test(arguments: [1, 2, 3, 5]) func anOldLandlockKeepsFilesButNoSignals(abi: Int) throws {
    let said = try rights().warnings(landlock: abi)
    #expect(said.count == 1 && said.first?.contains("(ABI \(abi)) keeps no signals") == true, "\(said)")
    // truncate(2) is kept from ABI 3 on.
    #expect(said.first?.contains("cut its files: \(Self.data);") == (abi < 3), "\(said)")
  }

  @Test func aUserOfTheirOwnIsAMilderWarning() throws {
    let said = try rights(receiver: "65532").warnings(landlock: 0)
    #expect(said.count == 1 && said.first?.hasPrefix("isolation: this kernel has no Landlock") == true, "\(said)")
    #expect(said.first?.contains("/srv") == false)
    for abi in 1...6 { #expect(try rights(receiver: "65532").warnings(landlock: abi).isEmpty) }
  }

  @Test(arguments: [6, 7]) func aNewLandlockIsEnough(abi: Int) throws {
    #expect(try rights().warnings(landlock: abi).isEmpty)
    #expect(try rights(isRoot: false).warnings(landlock: abi).isEmpty)
  }

  @Test func checkConfigSaysTheSame() throws {
    var settings = try Settings(serverName: "mx.test.example")
    settings.isolation = .workers(2)
    (settings.userName, settings.groupName) = ("65534", "65534")
    let expected = try ChildRights(settings).warnings()
    #expect(expected.allSatisfy { SettingsTrial(settings).warnings.contains($0) })
    settings.isolation = .inProcess
    #expect(SettingsTrial(settings).warnings.allSatisfy { !expected.contains($0) })
  }
}
