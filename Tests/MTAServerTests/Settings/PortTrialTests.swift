import MTACore
import MTAReceiver
import MTATestSupport
import Testing

@testable import MTAServer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether a server could listen: tried by `check-config`.
@Suite struct PortTrialTests {
  private func settings(_ places: String..., change: (inout Settings) -> Void = { _ in }) throws -> Settings {
    var settings = try Settings(serverName: "mx.a.example")
    settings.listeningPorts = try places.map { try #require(ListenAddress($0)) }
    change(&settings)
    return settings
  }

  /// It may be this very server that listens, and `check-config` before a reload must not fail for that.
  @Test func aPortInUseIsAWarning() async throws {
    try await SinkServer.serving { sink in
      let trial = PortTrial(try settings("127.0.0.1:\(sink.port)"))
      #expect(trial.problems.isEmpty)
      #expect(
        trial.warnings == [
          "listeningPorts: 127.0.0.1:\(sink.port): a program listens there; that is fine if it is this server"
        ])
    }
  }

  #if os(Linux)
    @Test func nobodyListensBehindATrial() async throws {
      let port = try await SinkServer.serving { $0.port }
      for _ in 0..<2 {
        // An address of this machine that no other test has.
        let trial = PortTrial(try settings("127.83.1.7:\(port)"))
        #expect(trial.problems.isEmpty && trial.warnings.isEmpty)
      }
    }
  #endif

  @Test(arguments: [EACCES, EPERM]) func aPortThatThisUserMayNotHaveIsAWarning(_ code: Int32) throws {
    let trial = PortTrial(try settings("25")) { _ in code }
    #expect(trial.problems.isEmpty)
    #expect(
      trial.warnings == ["listeningPorts: 25: this user may not listen there; a service manager may open it"])
  }

  /// 192.0.2.0/24 is for documents alone.
  @Test func anAddressOfAnotherMachineIsAProblem() throws {
    let trial = PortTrial(try settings("192.0.2.1:2525"))
    #expect(trial.problems.count == 1 && trial.problems[0].hasPrefix("listeningPorts: 192.0.2.1:2525: "))
  }

  @Test func aPlaceThatStandsTwiceIsAProblem() throws {
    let trial = PortTrial(try settings("2525", "127.0.0.1:2525", "2525")) { _ in 0 }
    #expect(trial.problems == ["listeningPorts: 2525 stands there twice"])
    // Port 0 is another one each time.
    #expect(PortTrial(try settings("0", "0")).problems.isEmpty)
  }

  @Test func rolesOfPortsThatNobodyListensOnAreTold() throws {
    let settings = try settings("25", "465") {
      $0.implicitTLSPorts = [465, 993]
      $0.lmtpPorts = [24]
      $0.proxyPorts = [25]
    }
    #expect(
      PortTrial(settings) { _ in 0 }.warnings == [
        "implicitTLSPorts: 993 is not among listeningPorts", "lmtpPorts: 24 is not among listeningPorts",
      ])
  }
}
