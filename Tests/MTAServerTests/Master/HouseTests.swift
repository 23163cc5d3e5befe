import MTACore
import MTAReceiver
import MTASystem
import Testing

@testable import MTAServer

/// Which parts of a program a process has.
@Suite struct HouseTests {
  private struct NoHooks: InboundHooks {
    mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  }

  /// It looks which there are: hooks of a program's own need the hashes of the settings, and a store of its own needs no folder.
  @Test func theMasterKnowsOfPartsThatItDoesNotMake() throws {
    let refusal = StartFailure("made in the master")
    let parts = MailServer.Parts(
      hooks: { NoHooks() }, store: { throw refusal }, localAgent: { throw refusal }, signer: { throw refusal },
      deliveryObservers: { throw refusal }, resolver: { throw refusal })
    let masters = House.master.parts(of: parts)
    #expect(masters.hooks != nil && masters.store != nil && masters.localAgent != nil && masters.signer != nil)
    let settings = try Settings(serverName: "mx.test.example")
    #expect(throws: Never.self) { try Rooms(settings, masters, delivers: true, .master) }
  }
}
