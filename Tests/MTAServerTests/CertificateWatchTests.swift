import Logging
import MTACore
import MTASystem
import MTATLS
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

@testable import MTAServer

/// Certificates that are about to expire are told of, at a clock that the test moves.
@Suite struct CertificateWatchTests {
  private static let day: Int64 = 86_400

  /// The test kit's certificate under the names `*` and `b.example`.
  private static func certificates() -> ServerCertificates {
    ServerCertificates(
      ["*", "b.example"].map { name in
        .init(
          name: name, setting: "certificates: \(name)", chainFile: "/\(name).pem",
          chain: Array(TestCertificate.chain.utf8),
          keyFile: "/k", key: [])
      })
  }

  private static func end() throws -> Int64 { try TLSSource.pem(Array(TestCertificate.chain.utf8)).validity().end }

  private static func warnings(daysBefore days: Int64) throws -> [String] {
    certificates().warnings(at: Timestamp(milliseconds: (try end() - days * day) * 1000))
  }

  @Test func everyCertificateIsNamedWithFileAndDays() throws {
    #expect(try Self.warnings(daysBefore: 14).isEmpty)
    #expect(
      try Self.warnings(daysBefore: 13) == [
        "certificates: *: /*.pem expires in 13 days", "certificates: b.example: /b.example.pem expires in 13 days",
      ])
    #expect(try Self.warnings(daysBefore: 1).first?.hasSuffix("expires in 1 day") == true)
    #expect(try Self.warnings(daysBefore: 0).first?.hasSuffix("expired 0 days ago") == true)
    #expect(try Self.warnings(daysBefore: -3).first?.hasSuffix("expired 3 days ago") == true)
    let begin = try TLSSource.pem(Array(TestCertificate.chain.utf8)).validity().begin
    #expect(
      Self.certificates().warnings(at: Timestamp(milliseconds: (begin - 2 * Self.day) * 1000)).first
        == "certificates: *: /*.pem is not valid yet, for another 2 days")
  }

  /// What OpenSSL says of the certificate: valid from 23 November 2026, 14:35:23, to 30 October 2126.
  @Test func validityIsInSecondsSince1970() throws {
    let validity = try TLSSource.pem(Array(TestCertificate.chain.utf8)).validity()
    #expect(validity == .init(begin: 1_795_444_523, end: 4_949_044_523))
    #expect(throws: TLSFailure.self) { try TLSSource.pem([]).validity() }
  }

  @Test func theyAreLookedAtEachDay() async throws {
    let clock = ManualClock(Timestamp(milliseconds: (try Self.end() - 16 * Self.day) * 1000))
    let said = NIOLockedValueBox<[String]>([])
    let logger = Logger(label: "test") { _ in Listener(said: said) }
    let days = NIOLockedValueBox(0)
    let watch = CertificateWatch(clock: clock, logger: logger) {
      let day = days.withLockedValue { days in
        days += 1
        return days
      }
      if day > 4 { throw CancellationError() }
      clock.advance(by: .seconds(86_400))
    }
    // The second day is 14 days before the end.
    await watch.run { Self.certificates() }
    #expect(
      said.withLockedValue { $0.map { $0.suffix(7) } } == ["13 days", "13 days", "12 days", "12 days"])
  }

  private struct Listener: LogHandler {
    let said: NIOLockedValueBox<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { said.withLockedValue { $0.append("\(event.message)") } }
  }
}
