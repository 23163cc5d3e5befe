public import MTACore
public import NIOCore

/// The mails that CrashSubject and its tests agree on: one that is stored in the database, one that is kept in memory and stored as
/// a file, one that is spilled while it arrives. Each has two recipients.
public struct CrashSample: Sendable {
  public static let contentInDatabase = 1000
  public static let spillThreshold = 2000

  public static let all = [500, 1500, 200_000].enumerated().map { CrashSample(number: $0, size: $1) }

  public let id: MailID
  public let content: ByteBuffer

  private init(number: Int, size: Int) {
    id = MailID(at: Timestamp(milliseconds: 1_767_225_600_000), random: UInt32(number))
    let line = "mail number \(number) says the same in each of its lines\r\n"
    var text = ByteBuffer(string: "Subject: crash \(number)\r\n\r\n")
    while text.readableBytes < size { text.writeString(line) }
    text.writeString("end of number \(number)\r\n")
    content = text
  }

  public var envelope: Envelope {
    get throws {
      let names = ["coco", "mike"]
      return Envelope(
        id: id, reversePath: .mailbox("sender@client.example"),
        recipients: names.compactMap { name in
          Mailbox("\(name)@test.example").map {
            EnvelopeRecipient($0, client: ClientRecord(mailboxID: name, delivery: .local))
          }
        },
        clientAddress: IPAddress("192.0.2.7"), receivedAt: Timestamp(milliseconds: 1_767_225_600_000))
    }
  }

  /// - Parameter isSubmission: whether it is our own users' mail, which is signed.
  public func commit(to store: any MessageStore, isSubmission: Bool = false) async throws {
    let spool = try await store.begin(id)
    var rest = content
    while let piece = rest.readSlice(length: min(30_000, rest.readableBytes)), piece.readableBytes > 0 {
      try await spool.append(piece)
    }
    var envelope = try envelope
    envelope.isSubmission = isSubmission
    _ = try await spool.commit(envelope, trace: ByteBuffer(string: "Received: by mx.test.example\r\n"))
  }

  /// A report of the copies' failure, always under the same id.
  public static func report(of mail: ClaimedMail) throws -> QueuedReport {
    var envelope = mail.envelope
    guard let id = MailID("\(mail.envelope.id)-report") else { throw StoreFailure.closed }
    envelope.id = id
    envelope.reversePath = .null
    envelope.recipients = [EnvelopeRecipient("sender@client.example")]
    return QueuedReport(
      envelope, content: ByteBuffer(string: "Subject: not delivered\r\n\r\n"), about: mail.parcels.map(\.id))
  }
}
