import ArgumentParser
import MTACore
import NIOCore

/// What a load consists of.
struct BenchPlan: Sendable {
  /// How the connections are protected.
  enum Protection: String, CaseIterable, ExpressibleByArgument {
    case none, starttls, implicit
  }

  /// When no more mails are begun.
  enum End: Hashable, Sendable {
    case mails(Int)
    case time(Duration)
  }

  var address: IPAddress
  var port: UInt16
  /// For TLS, and for people.
  var name: String
  var protection = Protection.none
  var credentials: Credentials?
  /// Connections at a time.
  var sessions = 10
  /// Mails before a connection is closed and the next one opened.
  var mailsPerSession = 10
  var recipientsPerMail = 1
  /// Octets of the mails, taken in turn. Not empty.
  var sizes = [4096]
  var sender: ReversePath
  /// Taken in turn. Not empty.
  var recipients: [Mailbox]
  var end = End.mails(1000)
  /// Mails in a second; nil: as many as go.
  var rate: Double?
  var usesPipelining = true
  /// For one answer.
  var patience = Duration.seconds(60)
  var threads = 1

  var isLoopback: Bool { Network.loopback.contains { $0.contains(address) } }

  var session: ClientSession.Configuration {
    let tls: ClientSession.TLSWish =
      switch protection {
      case .none: .never
      case .starttls: .required
      case .implicit: .established
      }
    var configuration = ClientSession.Configuration(
      serverName: "localhost", tls: tls, credentials: credentials, allowsAuthInClear: isLoopback)
    configuration.usesPipelining = usesPipelining
    return configuration
  }

  /// Of mail `number`, which counts from 0.
  func transaction(_ number: Int) -> ClientTransaction {
    // Not empty, so the index is within.
    let all = (0..<recipientsPerMail).map { recipients[(number &* recipientsPerMail &+ $0) % recipients.count] }
    return ClientTransaction(
      from: sender, to: all.map { ClientTransaction.Recipient($0) }, size: size(of: number))
  }

  func size(of number: Int) -> Int { max(BenchMail.minimumSize, sizes[number % sizes.count]) }
}
