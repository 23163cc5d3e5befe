import MTACore
import MTAStore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import MTALink

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A receiver's client and a queue process's service, with sockets between them that a test makes and breaks.
final class LinkStage: Sendable {
  let client: LinkClient
  let clock = ManualClock(Samples.noon)
  let notices = NIOLockedValueBox<[String]>([])
  private let service = NIOLockedValueBox<LinkService?>(nil)
  private let change: @Sendable (inout LinkService.Configuration) -> Void

  /// - Parameter waits: whether the client waits for a queue process that is away; else its patience is over at once.
  init(
    waits: Bool = true, client change: (inout LinkClient.Configuration) -> Void = { _ in },
    service: @escaping @Sendable (inout LinkService.Configuration) -> Void = { _ in }
  ) {
    var configuration = LinkClient.Configuration()
    configuration.sleep = { _ in if waits { try await Task.sleep(for: .seconds(3600)) } }
    configuration.notice = { [notices] text in notices.withLockedValue { $0.append(text) } }
    // As in a receiver.
    configuration.loop = MultiThreadedEventLoopGroup.singleton.next()
    change(&configuration)
    client = LinkClient(configuration)
    self.change = service
  }

  deinit {
    client.close()
    service.withLockedValue { $0 }?.close()
  }

  /// A new queue process, and a link to it.
  @discardableResult
  func start(_ store: any MessageStore, desk: any ReceptionDesk = CountingDesk()) throws -> LinkService {
    var configuration = LinkService.Configuration()
    configuration.clock = clock
    configuration.rule.demandsClient = false
    configuration.notice = { [notices] text in notices.withLockedValue { $0.append(text) } }
    change(&configuration)
    let new = LinkService(store: store, desk: desk, configuration: configuration)
    service.withLockedValue { $0 = new }
    let (ours, theirs) = try Self.pair()
    new.serve(theirs)
    client.connect(ours)
    return new
  }

  /// The queue process is gone, whatever it was doing.
  func kill() { service.withLockedValue { $0 }?.close() }

  static func pair() throws -> (Int32, Int32) {
    var pair: [Int32] = [-1, -1]
    #if canImport(Glibc)
      let kind = CInt(SOCK_STREAM.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    try #require(socketpair(AF_UNIX, kind, 0, &pair) == 0)
    return (pair[0], pair[1])
  }

  static func envelope(_ number: UInt32) -> Envelope {
    Envelope(
      id: MailID(at: Samples.noon, random: number), reversePath: .mailbox("a@client.example"),
      recipients: [EnvelopeRecipient("b@remote.example")], clientAddress: .loopback4, receivedAt: Samples.noon)
  }

  @discardableResult
  func commit(_ envelope: Envelope, _ content: ByteBuffer = ByteBuffer(string: "Subject: x\r\n\r\nhello\r\n"))
    async throws -> StoreReceipt
  {
    let spool = try await client.store.begin(envelope.id)
    var rest = content
    while let piece = rest.readSlice(length: min(50_000, rest.readableBytes)), piece.readableBytes > 0 {
      try await spool.append(piece)
    }
    return try await spool.commit(envelope, trace: ByteBuffer(string: "Received: y\r\n"))
  }
}

/// A desk that lets all in, and counts.
final class CountingDesk: ReceptionDesk {
  struct Counts {
    var connections: [IPAddress: Int] = [:]
    var number: UInt64 = 100
    var events: [String] = []
    var waiting: [UInt64: CheckedContinuation<LoginTry?, Never>] = [:]
  }

  let counts = NIOLockedValueBox(Counts())
  /// Tries wait until they are given up.
  let holdsTries: Bool
  /// Connections that need not ask.
  let ahead: Int
  /// Accounts are suspended.
  let suspends: Bool

  init(holdsTries: Bool = false, ahead: Int = 0, suspends: Bool = false) {
    (self.holdsTries, self.ahead, self.suspends) = (holdsTries, ahead, suspends)
  }

  func ahead(of client: IPAddress) -> Int { ahead }

  var events: [String] { counts.withLockedValue(\.events) }
  var connections: Int { counts.withLockedValue { $0.connections.values.reduce(0, +) } }
  private func tell(_ event: String) { counts.withLockedValue { $0.events.append(event) } }

  func enter(_ client: IPAddress, isFrontEnd: Bool) async -> DeskEntry {
    counts.withLockedValue { $0.connections[client, default: 0] += 1 }
    return .welcome
  }
  func leave(_ client: IPAddress, isFrontEnd: Bool) {
    counts.withLockedValue { $0.connections[client, default: 0] -= 1 }
  }
  func note(_ event: ServerSession.ContactEvent, from client: IPAddress) { tell("note \(event)") }
  func beginLogin(_ name: String?, from client: IPAddress) async -> LoginTry {
    let number = counts.withLockedValue { counts in
      counts.number += 1
      return counts.number
    }
    var attempt = LoginTry(
      number: number, address: client, account: name.flatMap { LoginAccount($0) }, isFromKnownNetwork: true)
    attempt.isSuspended = suspends
    return attempt
  }
  func admit(_ attempt: LoginTry) async -> LoginTry? {
    guard holdsTries else { return attempt }
    return await withCheckedContinuation { end in counts.withLockedValue { $0.waiting[attempt.number] = end } }
  }
  func poll(_ number: UInt64) { tell("poll \(number)") }
  func giveUp(_ number: UInt64) {
    tell("giveUp \(number)")
    counts.withLockedValue { $0.waiting.removeValue(forKey: number) }?.resume(returning: nil)
  }
  func accepted(_ attempt: LoginTry) { tell("accepted \(attempt.number)") }
  func refused(_ attempt: LoginTry) async -> Duration {
    tell("refused \(attempt.number)")
    return .seconds(7)
  }
  func left(_ attempt: LoginTry) { tell("left \(attempt.number)") }
  func abandoned(_ attempt: LoginTry) { tell("abandoned \(attempt.number)") }
  func answerTime() async -> Duration { .seconds(3) }
}
