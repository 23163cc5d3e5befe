import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

@testable import MTASystem

struct SystemHostsTests {
  static let four = IPAddress("192.0.2.1")!
  static let six = IPAddress("2001:db8::1")!

  /// Counts calls.
  private final class Table: Sendable {
    private let entries: [String: [IPAddress]]
    private let asked = NIOLockedValueBox<[String]>([])
    var calls: [String] { asked.withLockedValue { $0 } }

    init(_ entries: [String: [IPAddress]]) { self.entries = entries }

    func resolve(_ host: String) -> [IPAddress] {
      asked.withLockedValue { $0.append(host) }
      return entries[host] ?? []
    }
  }

  private static func hosts(_ table: Table, _ zone: String = "") throws -> SystemHosts {
    SystemHosts(
      before: try LiteralZone(zone, authenticated: true), timeLimit: .seconds(600), resolve: table.resolve)
  }

  @Test func theMachineComesBeforeTheDNS() async throws {
    let table = Table(["relay.example": [Self.six, Self.four], "mail_relay": [Self.four]])
    let hosts = try Self.hosts(
      table, "relay.example A 192.0.2.9\nrelay.example TXT x\nother.example A 192.0.2.8\nother.example AAAA 2001:db8::8"
    )
    guard case .found(let location) = await hosts.location(of: DNSName("relay.example")) else {
      Issue.record("not found")
      return
    }
    #expect(location.addresses == [Self.four, Self.six])
    // Whatever the DNS says of itself, the machine's word is not authenticated.
    #expect(!location.isAuthenticated)
    #expect(await hosts.addresses(of: DNSName("mail_relay")) == .found([Self.four]))
    // Not in the DNS either way: the DNS's other address of the name is not mixed in.
    #expect(await hosts.lookup(DNSName("mail_relay"), .aaaa) == .noSuchType)
    #expect(await hosts.text(of: DNSName("relay.example")) == .found([Array("x".utf8)]))
    guard case .found(let other) = await hosts.location(of: DNSName("other.example")) else {
      Issue.record("not found")
      return
    }
    #expect(other.isAuthenticated)
    // One call for both families, and one for its absence.
    #expect(table.calls == ["relay.example", "mail_relay", "other.example"])
  }

  /// getaddrinfo reads these as addresses, or cannot read them.
  @Test(arguments: ["1234", "0x7f.1", "a.0x1", "-x.example"]) func oddNamesAreTheDNSs(_ name: String) async throws {
    let table = Table([name: [Self.four]])
    let hosts = try Self.hosts(table)
    #expect(await hosts.addresses(of: try #require(DNSName(name))) == .none)
    #expect(table.calls.isEmpty)
  }

  /// A machine that does not answer keeps nobody waiting, and takes no more than its threads.
  @Test func aSystemThatHangsIsPassedBy() async throws {
    let gate = ConditionLock(value: false)
    let calls = NIOLockedValueBox(0)
    let hosts = SystemHosts(
      before: try LiteralZone((0..<20).map { "h\($0).example A 192.0.2.1" }.joined(separator: "\n")),
      timeLimit: .milliseconds(50)
    ) { _ in
      calls.withLockedValue { $0 += 1 }
      gate.lock(whenValue: true)
      gate.unlock()
      return [Self.six]
    }
    defer {
      gate.lock()
      gate.unlock(withValue: true)
    }
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask {
          #expect(await hosts.addresses(of: DNSName("h\(number).example")!) == .found([Self.four]))
        }
      }
    }
    #expect(calls.withLockedValue { $0 } <= SystemHosts.maximumThreads)
  }

  @Test func aNameOfThisMachineIsFound() async throws {
    // Every system knows it, by its hosts file or by itself.
    let hosts = SystemHosts(before: LiteralZone(), timeLimit: .seconds(600))
    guard case .found(let addresses) = await hosts.addresses(of: DNSName("localhost")) else {
      Issue.record("not found")
      return
    }
    #expect(addresses.contains(.loopback4) || addresses.contains(.loopback6))
  }
}
