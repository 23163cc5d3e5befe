import MTACore
import NIOConcurrencyHelpers
import Testing

@testable import MTAReceiver

/// The desk of a connection whose client another process let in.
struct GivenEntryTests {
  @Test func theFirstClientIsNotAskedForAgainNorGivenBack() async {
    let book = CountedDesk()
    let desk = GivenEntry(.welcome, before: book)
    #expect(await desk.enter(.loopback4, isFrontEnd: true) == .welcome)
    desk.leave(.loopback4, isFrontEnd: true)
    #expect(book.inside == [])
    // A front end names its client.
    #expect(await desk.enter(.v4(7), isFrontEnd: false) == .welcome)
    #expect(book.inside == [.v4(7)])
    desk.leave(.v4(7), isFrontEnd: false)
    #expect(book.inside == [])
  }

  @Test func aRefusalIsNoPlace() async {
    let book = CountedDesk()
    let desk = GivenEntry(.slammed, before: book)
    #expect(await desk.enter(.loopback4, isFrontEnd: false) == .slammed)
    #expect(book.inside == [])
  }
}

private final class CountedDesk: ReceptionDesk {
  private let clients = NIOLockedValueBox<[IPAddress]>([])
  var inside: [IPAddress] { clients.withLockedValue { $0 } }

  func enter(_ client: IPAddress, isFrontEnd: Bool) async -> DeskEntry {
    clients.withLockedValue { $0.append(client) }
    return .welcome
  }
  func leave(_ client: IPAddress, isFrontEnd: Bool) {
    clients.withLockedValue { clients in if let place = clients.firstIndex(of: client) { clients.remove(at: place) } }
  }
  func note(_ event: ServerSession.ContactEvent, from client: IPAddress) {}
  func beginLogin(_ name: String?, from client: IPAddress) async -> LoginTry {
    LoginTry(number: 1, address: client, account: nil, isFromKnownNetwork: false)
  }
  func admit(_ attempt: LoginTry) async -> LoginTry? { nil }
  func poll(_ number: UInt64) {}
  func giveUp(_ number: UInt64) {}
  func accepted(_ attempt: LoginTry) {}
  func refused(_ attempt: LoginTry) async -> Duration { .zero }
  func left(_ attempt: LoginTry) {}
  func abandoned(_ attempt: LoginTry) {}
  func answerTime() async -> Duration { .zero }
}
