import MTACore
import MTAReceiver
import Testing

@testable import MTAServer

/// What the queue process takes of receivers without a login that it checked.
@Suite struct WithoutLoginTests {
  private func networks(_ ports: String...) throws -> [Network] {
    var settings = try Settings(serverName: "mx.a.example")
    settings.listeningPorts = try ports.map { try #require(ListenAddress($0)) }
    settings.internalSubmitPort = 2526
    return MailServer.networksWithoutLogin(settings.receiverConfiguration)
  }

  /// Otherwise a receiver that was taken over could have any mail signed: it would say that the client was this machine.
  @Test func noNetworkSubmitsWithoutALoginWhereThereIsNoPortForIt() throws {
    #expect(try networks("25", "465", "587").isEmpty)
    #expect(try networks("25", "127.0.0.1:2526") == Network.loopback)
  }
}
