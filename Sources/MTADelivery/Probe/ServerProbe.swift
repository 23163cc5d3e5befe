public import MTACore
public import NIOCore
import NIOPosix

/// Checks whether a mail server is there: connects, reads the greeting, says QUIT, and returns the result.
///
/// ```swift
/// switch await ServerProbe(dns: resolver, group: group).probe(host: "mx.example.org", port: 25) {
/// case .greeting(let reply, let address): print(address, reply)  // 192.0.2.1 220 mx.example.org ESMTP
/// case .failure(let failure): print(failure)                     // the connection was refused
/// }
/// ```
///
/// It sends QUIT alone: no EHLO, no MAIL, no RCPT. A server whose greeting is not SMTP does not even get QUIT. The probe ends within
/// ``timeLimit`` and reads at most ``byteLimit`` octets.
public struct ServerProbe: Sendable {
  /// Addresses of a host that are tried, IPv4 first.
  public static let maximumAddresses = 4
  /// Octets that are read from a server.
  public static let byteLimit = ReplyParser.maximumOctets
  /// How long the server has to answer QUIT, at most.
  static let farewellTime = Duration.seconds(5)

  /// The result of a probe.
  public enum Finding: Hashable, Sendable {
    /// The server sent a greeting. 220 says that it takes mail; 554 and 421 say that it does not (RFC 5321 §3.1, §3.8).
    case greeting(RemoteReply, from: IPAddress)
    case failure(Failure)
  }

  /// Why there was no greeting. Of several addresses, this is the reason of the last.
  public enum Failure: Error, Hashable, Sendable {
    /// The text is not a host name or address, or the port is 0.
    case notAServer
    /// The host has no address.
    case noSuchHost
    /// The DNS could not return the addresses.
    case dns(DNSFailure)
    /// No connection could be made; the system's reason.
    case noConnection(String)
    /// The server hung up before its greeting was complete.
    case closed
    case timedOut
    /// The text is not a reply of SMTP.
    case notSMTP(ReplyFault)
  }

  private let dns: any DNSLookup
  private let group: any EventLoopGroup
  /// The longest time of a probe, look-ups included. Default 30 seconds.
  public var timeLimit: Duration

  /// - Parameters:
  ///   - dns: looks up the addresses of a host that is given by name.
  ///   - group: runs the socket; the caller shuts it down.
  public init(dns: any DNSLookup, group: any EventLoopGroup, timeLimit: Duration = .seconds(30)) {
    self.dns = dns
    self.group = group
    self.timeLimit = timeLimit
  }

  /// - Parameter host: a host name, an IPv4 address, or an IPv6 address with or without brackets. `localhost` is this machine, whatever
  ///   the DNS says (RFC 6761 §6.3).
  public func probe(host: String, port: Int) async -> Finding {
    guard let port = UInt16(exactly: port), port > 0 else { return .failure(.notAServer) }
    let end = NIODeadline.now() + TimeAmount(timeLimit)
    let addresses: [IPAddress]
    do throws(Failure) { addresses = try await self.addresses(of: host, end) } catch { return .failure(error) }
    var failure = Failure.noSuchHost
    var left = min(addresses.count, Self.maximumAddresses)
    for address in addresses.prefix(left) {
      // An address that does not answer leaves time for those after it.
      let patience = TimeAmount.nanoseconds(max((end - .now()).nanoseconds / Int64(left), 1))
      left -= 1
      do throws(Failure) {
        return .greeting(try await greeting(of: address, port, connectingFor: patience, end), from: address)
      } catch {
        failure = error
      }
      // What a server said, or that it said nothing in all the time there was, is not asked for again.
      guard case .noConnection = failure, NIODeadline.now() < end else { break }
    }
    return .failure(failure)
  }

  private func addresses(of host: String, _ end: NIODeadline) async throws(Failure) -> [IPAddress] {
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    if let address = IPAddress(bare) { return [address] }
    guard let name = DNSName(international: host), name.isHostName else { throw .notAServer }
    if name.description == "localhost" { return [.loopback4, .loopback6] }
    let left = Duration(end - .now())
    let answer = await withTaskGroup(of: DNSResult<[IPAddress]>?.self) { [dns] group in
      group.addTask { await dns.addresses(of: name) }
      group.addTask {
        try? await Task.sleep(for: left)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
    guard let answer else { throw .timedOut }
    switch answer {
    case .found(let addresses): return addresses
    case .none: throw .noSuchHost
    case .failure(let reason): throw .dns(reason)
    }
  }

  private func greeting(
    of address: IPAddress, _ port: UInt16, connectingFor patience: TimeAmount, _ end: NIODeadline
  ) async throws(Failure) -> RemoteReply {
    guard let remote = try? SocketAddress(ipAddress: address.description, port: Int(port)) else { throw .notAServer }
    let loop = group.any()
    let greeting = loop.makePromise(of: RemoteReply.self)
    let timer = loop.scheduleTask(deadline: end) { greeting.fail(Failure.timedOut) }
    let channel = ClientBootstrap(group: loop)
      .connectTimeout(patience)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(GreetingReader(greeting, end: end))
        }
      }
      .connect(to: remote)
    channel.whenFailure { greeting.fail(Self.failure(of: $0)) }
    // A failed greeting ends the connection; after a good one, the farewell does.
    greeting.futureResult.whenFailure { _ in channel.whenSuccess { $0.close(promise: nil) } }
    defer { timer.cancel() }
    do {
      let reply = try await withTaskCancellationHandler {
        try await greeting.futureResult.get()
      } onCancel: {
        greeting.fail(Failure.timedOut)
      }
      try? await channel.flatMap { $0.closeFuture }.get()
      return reply
    } catch {
      throw (error as? Failure) ?? .closed
    }
  }

  private static func failure(of error: any Error) -> Failure {
    switch error {
    case ChannelError.connectTimeout: .noConnection("Connection timed out")
    case let error as IOError: .noConnection(error.systemReason)
    default: .noConnection("\(error)")
    }
  }
}

extension ServerProbe.Failure: CustomStringConvertible {
  /// One printable line.
  public var description: String {
    switch self {
    case .notAServer: "that is no host and port"
    case .noSuchHost: "the host has no address"
    case .dns(let reason): "the DNS could not tell the host's address: \(reason)"
    case .noConnection(let reason): reason
    case .closed: "the server hung up without a greeting"
    case .timedOut: "the server did not greet in time"
    case .notSMTP(.noCode): "the server does not greet as SMTP servers do"
    case .notSMTP(.tooLong): "the greeting does not end"
    }
  }
}
