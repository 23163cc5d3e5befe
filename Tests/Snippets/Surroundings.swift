import Logging
import MTA
import MTACore
import MTADKIM
import MTADelivery
import MTAReceiver
import MTAServer
import MTAStore
import MTASystem
import MTATLS
import MTATestSupport
import NIOCore

// What the blocks of comments and pages take for granted. Nothing of it runs.

func anything<Value>() -> Value { fatalError("blocks are compiled, and not run") }

/// Hooks of the reader's own, under the names that the pages give them.
typealias MyHooks = Village

struct Village: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }
}

struct User {
  let id: String
  let owner: String
  let hash: String
}

struct Shop: ReceiverHooks {
  var users: [Mailbox: User] = [:]
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }
}

struct TicketStore: Sendable {
  func open(from sender: ReversePath, _ text: ByteBuffer) async throws -> Int { anything() }
}

struct Archive: Sendable {
  func add(_ text: ByteBuffer, for mailboxes: [Mailbox]) async {}
}

struct ListOfBounces: Sendable {
  func add(_ recipient: String, because reason: String) async {}
}

extension AttributeKey where Value == String {
  static var spamReport: Self { "example.org/spam-report" }
}

let isNight = false
let archive = Archive()
let home: Domain = anything()

struct Surroundings_MTACore: Sendable {
  var resolver: any DNSLookup { anything() }
  var client: IPAddress { anything() }
  var zone: DNSName { anything() }
  var ann: Mailbox { anything() }
  var postmaster: Mailbox { anything() }
  var configuration: SessionConfiguration { anything() }
  var hooks: Village { anything() }
  var store: VolatileStore { anything() }
  var id: MailID { anything() }
  var now: Timestamp { anything() }
  var conversation: Conversation {
    get { anything() }
    nonmutating set {}
  }
  var piece: ByteBuffer { anything() }
}

struct Surroundings_MTADKIM: Sendable {
  var bytesOfKeyFile: [UInt8] { anything() }
  var domain: DNSName { anything() }
  var selector: DNSName { anything() }
  var signer: DKIMSigner { anything() }
  var pieces: [ByteBuffer] { anything() }
  var now: Timestamp { anything() }
  var resolver: any DNSLookup { anything() }
}

struct Surroundings_MTADNS: Sendable {
  var group: any EventLoopGroup { anything() }
  var resolver: any DNSLookup { anything() }
  var domain: DNSName { anything() }
  var host: DNSName { anything() }
  var name: DNSName { anything() }
  var client: IPAddress { anything() }
  var list: DNSName { anything() }
  var selector: DNSName { anything() }
}

struct Surroundings_MTADelivery: Sendable {
  var configuration: QueueRunner.Configuration {
    get { anything() }
    nonmutating set {}
  }
  var tickets: TicketStore { anything() }
  var store: VolatileStore { anything() }
  var dns: any DNSLookup { anything() }
  var resolver: any DNSLookup { anything() }
  var group: any EventLoopGroup { anything() }
  var relay: HostAndPort { anything() }
  var credentials: Credentials { anything() }
  var domain: Domain { anything() }
}

struct Surroundings_MTAReceiver: Sendable {
  var configuration: Receiver.Configuration {
    get { anything() }
    nonmutating set {}
  }
  var secret: [UInt8] { anything() }
  var postmaster: Mailbox { anything() }
  var store: VolatileStore { anything() }
  var dns: any DNSLookup { anything() }
  var resolver: any DNSLookup { anything() }
  var users: [Mailbox: User] { anything() }
}

struct Nights: DeliveryHooks {}

struct TicketDesk: DeliveryAgent {
  let tickets: TicketStore
  func deliver(_ mail: AgentMail, to recipients: [EnvelopeRecipient]) async -> [AgentResult] { [] }
}

struct SpamCheck: ReceiverPolicy {}

struct Tally: ReceiverObserver {}

struct Bounces: DeliveryObserver {
  let file: ListOfBounces
}

struct Surroundings_MTA: Sendable {}

struct Surroundings_MTACommands: Sendable {}

struct Surroundings_MTAServer: Sendable {
  var bounces: ListOfBounces { anything() }
  var settings: Settings { anything() }
  var parts: MailServer.Parts { anything() }
  var hooks: SettingsHooks { anything() }
  var users: [Mailbox: User] { anything() }
  var tickets: TicketStore { anything() }
}

struct Surroundings_MTAStore: Sendable {
  var folder: String { anything() }
  var envelope: Envelope { anything() }
  var id: MailID { anything() }
  var piece: ByteBuffer { anything() }
  var trace: ByteBuffer { anything() }
}

struct Surroundings_MTASystem: Sendable {}

struct Surroundings_MTATLS: Sendable {
  var channel: any Channel { anything() }
  var host: String { anything() }
}

struct Surroundings_MTATestSupport: Sendable {
  var settings: QueueRunner.Configuration {
    get { anything() }
    nonmutating set {}
  }
  var script: String { anything() }
  var zone: LiteralZone { anything() }
  var sink: SinkServer { anything() }
  var store: VolatileStore { anything() }
}

/// Of the pages in Docs and the README.
struct Surroundings_Pages: Sendable {
  var script: String { anything() }
  var dialogue: Dialogue { anything() }
  var faults: FaultPlan { anything() }
  var settings: Settings { anything() }
  var users: [Mailbox: User] { anything() }
  var tickets: TicketStore { anything() }
}
