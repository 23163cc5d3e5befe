import ArgumentParser
import MTACore
import MTADKIM
import MTASystem
import MTATLS

/// The keys of a new server, and the files that have them.
struct SetupMade {
  let plan: SetupPlan
  /// Where the DKIM key's record is, and its text.
  let keyName: DNSName
  let keyRecord: String
  /// Of the certificate's key: the data of a TLSA record.
  let publicKeyDigest: [UInt8]
  private let signingKey: [UInt8]
  private let certificate: SelfSignedCertificate

  /// How long the first certificate is valid.
  static let certificateDays = 365

  init(_ plan: SetupPlan) throws {
    self.plan = plan
    keyName = try SigningName(selector: plan.selector, domain: "\(plan.domain)").place
    do throws(DKIMPrivateKey.Failure) {
      let key = try DKIMPrivateKey.generate(.rsaSHA256)
      (signingKey, keyRecord) = (try key.pem(), try key.record())
    } catch { throw refusal("Error: \(error)") }
    do throws(TLSFailure) {
      certificate = try SelfSignedCertificate(
        names: [plan.host.dnsName?.description ?? "\(plan.host)"], days: Self.certificateDays)
      publicKeyDigest = try TLSSource.pem(certificate.certificate).leaf().tlsa.data
    } catch { throw refusal("Error: \(error)") }
  }

  func files(in folder: String, keepingAs suffix: String) -> SetupFiles {
    let owner: SetupFiles.Owner? =
      if case .users(let users) = plan.identity { .init(user: users.userNumber, group: users.groupNumber) } else { nil }
    // Root's, and the server's group may enter and read.
    let shared = owner.map { SetupFiles.Owner(user: 0, group: $0.group) }
    func path(_ name: String) -> String {
      name.hasPrefix("/") ? name : folder == "/" ? "/" + name : folder + "/" + name
    }
    return SetupFiles(
      folders: [
        .init(
          path: folder, mode: owner == nil ? 0o700 : 0o750, owner: shared,
          isTakenOver: owner != nil && SetupFolder.isEmptyAndRoots(folder)),
        .init(path: path(SetupPlan.keys), mode: 0o700, owner: nil),
        .init(path: path(plan.state), mode: 0o700, owner: owner),
      ],
      files: [
        .init(path: path(plan.signingKey), bytes: signingKey, mode: 0o600),
        .init(path: path(SetupPlan.privateKey), bytes: certificate.privateKey, mode: 0o600),
        .init(path: path(SetupPlan.certificate), bytes: certificate.certificate, mode: 0o644),
        .init(path: path(plan.srsSecret), bytes: Self.secret(), mode: 0o600, owner: owner),
        .init(
          path: path(SetupPlan.settings), bytes: Array(plan.text.utf8), mode: owner == nil ? 0o600 : 0o640,
          owner: shared),
      ], suffix: suffix)
  }

  /// 256 bits, on a line.
  private static func secret() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return Base64.encode((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }) + [10]
  }
}

/// The folder that `setup` is to fill.
enum SetupFolder {
  /// It is not there, or it is root's and has nothing in it: then its mode is ours to choose.
  static func isOurs(_ path: String) -> Bool {
    (try? DurableFiles().statusOfLink(path, at: "setup.look")) == nil || isEmptyAndRoots(path)
  }

  static func isEmptyAndRoots(_ path: String) -> Bool {
    guard let status = try? DurableFiles().statusOfLink(path, at: "setup.look"), status.isDirectory, status.owner == 0,
      let names = try? DurableFiles().names(in: path, at: "setup.look")
    else { return false }
    return names.isEmpty
  }
}
