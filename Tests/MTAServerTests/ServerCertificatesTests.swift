import MTACore
import MTATLS
import MTATestSupport
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The setting `certificates`, and what is read by it.
@Suite struct ServerCertificatesTests {
  private func read(_ json: String, folder: String = "/srv/mta") throws -> Settings {
    try Settings(JSONDecoder().decode([String: AttributeValue].self, from: Data(json.utf8)), folder: folder)
  }

  /// Two pairs: `one.pem`, `one.key`, `two.pem` and `two.key`.
  private func withFiles(_ body: (String) async throws -> Void) async throws {
    try await TemporaryFolder.using { folder in
      for (name, text) in [
        ("one.pem", TestCertificate.chain), ("one.key", TestCertificate.privateKey),
        ("two.pem", TestCertificate.Issued.chain), ("two.key", TestCertificate.Issued.privateKey),
      ] {
        try Data(text.utf8).write(to: URL(filePath: folder + "/" + name))
      }
      try await body(folder)
    }
  }

  private func entry(_ name: String, _ files: String, key: String? = nil) -> String {
    #""\#(name)": {"certificate": "\#(files).pem", "privateKey": "\#(key ?? files).key"}"#
  }

  @Test func namesAreReadAsClientsAskForThem() throws {
    let settings = try read(
      #"{"serverName": "mx.a.example", "certificates": {\#(entry("MX.b.example", "b")), \#(entry("*.b\u{fc}.example", "/c"))}}"#
    )
    #expect(
      settings.certificates == [
        "mx.b.example": .init(certificate: "/srv/mta/b.pem", privateKey: "/srv/mta/b.key"),
        "*.xn--b-eha.example": .init(certificate: "/c.pem", privateKey: "/c.key"),
      ])
    #expect(settings.hasCertificate)
  }

  @Test(arguments: [
    #"{"": {"certificate": "a", "privateKey": "b"}}"#, #"{"a..b": {"certificate": "a", "privateKey": "b"}}"#,
    #"{"x.*.a": {"certificate": "a", "privateKey": "b"}}"#, #"{"a b": {"certificate": "a", "privateKey": "b"}}"#,
    #"{"*.": {"certificate": "a", "privateKey": "b"}}"#, #"{"a.b": {"certificate": "a"}}"#, #"{"a.b": "c"}"#,
    #"{"a.b": {"certificate": "a", "privateKey": "b", "c": "d"}}"#, #"{"a.b": {"certificate": "", "privateKey": "b"}}"#,
    #"{"a.b": {"certificate": "a", "privateKey": "b"}, "A.B": {"certificate": "a", "privateKey": "b"}}"#, "[]",
  ])
  func whatIsNoTableOfCertificatesIsRefused(table: String) {
    let failure = #expect(throws: SettingsFailure.self) {
      try read(#"{"serverName": "mx.a.example", "certificates": \#(table)}"#)
    }
    #expect(failure?.problems.count == 1 && failure?.description.hasPrefix("certificates: must be") == true)
  }

  @Test func thereIsOneDefault() throws {
    let failure = #expect(throws: SettingsFailure.self) {
      try read(
        #"{"serverName": "a.example", "certificate": "c", "privateKey": "k", "certificates": {\#(entry("*", "b"))}}"#)
    }
    #expect(failure?.problems.map { $0.prefix(20) } == ["certificates: * is t"])
  }

  @Test(arguments: [
    ("mx.test.example", ["one.test.example", "mx.test.example", "*.test.example"], "mx.test.example"),
    ("mx.test.example", ["one.test.example", "*.test.example"], "*.test.example"),
    ("mx.test.example", ["two.test.example", "one.test.example", "*.a.example"], "*.a.example"),
    ("mx.test.example", ["two.test.example", "one.test.example"], "one.test.example"),
    ("mx.test.example", ["two.test.example", "*"], "*"),
  ])
  func aClientWithoutANameGetsTheDefault(server: String, names: [String], standard: String) async throws {
    try await withFiles { folder in
      let table = names.map { entry($0, $0 == standard ? "two" : "one") }.joined(separator: ",")
      let settings = try read(#"{"serverName": "\#(server)", "certificates": {\#(table)}}"#, folder: folder)
      let certificates = try #require(try ServerCertificates(reading: settings))
      #expect(certificates.entries.first?.name == "*")
      #expect(certificates.entries.first?.chainFile == folder + "/two.pem")
      #expect(Set(certificates.entries.map(\.name)) == Set(names + ["*"]))
      #expect(try certificates.makeContext() != nil)
    }
  }

  @Test func theOldPairIsTheDefault() async throws {
    try await withFiles { folder in
      let settings = try read(
        #"""
        {"serverName": "mx.test.example", "certificate": "one.pem", "privateKey": "one.key",
         "certificates": {\#(entry("mx.test.example", "two"))}}
        """#, folder: folder)
      let certificates = try #require(try ServerCertificates(reading: settings))
      #expect(certificates.entries.map(\.chainFile) == [folder + "/one.pem", folder + "/two.pem"])
    }
    #expect(try ServerCertificates(reading: Settings(serverName: "mx.test.example")) == nil)
  }

  /// One process reads them, and another uses them.
  @Test func theyTravelAsBytesAndShowNoKey() async throws {
    try await withFiles { folder in
      let table = [entry("*", "one"), entry("b.example", "two")].joined(separator: ",")
      let settings = try read(#"{"serverName": "a.example", "certificates": {\#(table)}}"#, folder: folder)
      let certificates = try #require(try ServerCertificates(reading: settings))
      let bytes = try JSONEncoder().encode(certificates)
      for name in ["one.pem", "one.key", "two.pem", "two.key"] {
        try FileManager.default.removeItem(atPath: folder + "/" + name)
      }
      let arrived = try JSONDecoder().decode(ServerCertificates.self, from: bytes)
      #expect(arrived == certificates)
      let expiry = try #require(try certificates.makeContext()?.certificateExpiry)
      #expect(try arrived.makeContext()?.certificateExpiry == expiry)
      var dumped = ""
      dump(arrived, to: &dumped)
      let secret = certificates.entries.map { "\($0.key.prefix(4).map(String.init).joined(separator: ", "))" }
      for text in ["\(arrived)", "\(arrived.entries)", String(reflecting: arrived), dumped, "\([arrived])"] {
        #expect(text.contains("one.key") && !text.contains("PRIVATE KEY"))
        for octets in secret { #expect(!text.contains(octets)) }
      }
    }
  }

  @Test func allThatCannotBeReadIsNamed() async throws {
    try await withFiles { folder in
      let table = [entry("a.example", "one"), entry("b.example", "gone"), entry("c.example", "lost")]
      let settings = try read(
        #"{"serverName": "a.example", "certificates": {\#(table.joined(separator: ","))}}"#, folder: folder)
      let failure = #expect(throws: StartFailure.self) { try ServerCertificates(reading: settings) }
      let text = failure.map { "\($0)" } ?? ""
      for name in ["gone.pem", "gone.key", "lost.pem", "lost.key", "certificates: b.example"] {
        #expect(text.contains(name), "\(text)")
      }
      #expect(!text.contains("/one."))
    }
  }

  @Test func allKeysThatDoNotFitAreNamed() async throws {
    try await withFiles { folder in
      let table = [entry("a.example", "one", key: "two"), entry("b.example", "two", key: "one"), entry("*", "one")]
      let settings = try read(
        #"{"serverName": "a.example", "certificates": {\#(table.joined(separator: ","))}}"#, folder: folder)
      let certificates = try ServerCertificates(reading: settings)
      let failure = #expect(throws: StartFailure.self) { try certificates?.makeContext() }
      let text = failure.map { "\($0)" } ?? ""
      #expect(text.split(separator: "\n").count == 2)
      #expect(text.contains("certificates: a.example: ") && text.contains("certificates: b.example: "), "\(text)")
      #expect(text.contains("two.key") && text.contains("one.key"))
    }
  }
}
