import ArgumentParser
import MTACore
import MTADNS
import NIOPosix

/// `--server`, for the commands that ask the DNS.
struct ResolverOptions: ParsableArguments {
  @Option(
    help: """
      The name server to ask, an address with or without port. tls:ADDRESS asks over TLS; tls:ADDRESS#NAME asks one whose certificate \
      has NAME. Its word on DNSSEC is trusted if it is on this machine or has a NAME. Default: the servers of /etc/resolv.conf, where \
      trust-ad says whether they are trusted.
      """)
  var server: String?

  func validate() throws { _ = try configuration() }

  func configuration() throws -> ResolverConfiguration {
    guard let server else { return .system() }
    guard let parsed = DNSServer(server.hasPrefix("localhost:") ? "127.0.0.1" + server.dropFirst(9) : server) else {
      throw ValidationError("\(server) is no HOST:PORT; HOST is an address, not a name")
    }
    var configuration = ResolverConfiguration(servers: [parsed])
    configuration.trustsAuthenticatedData = parsed.isOutOfReach
    return configuration
  }

  /// Gives `body` a resolver and ends it afterwards.
  func withResolver<Result: Sendable>(
    deadline: Duration? = nil, _ body: (DNSResolver) async -> Result
  ) async throws -> Result {
    var configuration = try configuration()
    if let deadline {
      configuration.deadline = deadline
      configuration.patience = min(configuration.patience, deadline)
    }
    let resolver = DNSResolver(configuration: configuration, group: MultiThreadedEventLoopGroup.singleton)
    defer { resolver.shutdown() }
    return await body(resolver)
  }
}

extension DNSServer {
  /// Whether nobody on the network can forge what it says.
  fileprivate var isOutOfReach: Bool {
    if case .tls(_?) = security { return true }
    return switch address {
    case .v4(let bits): bits >> 24 == 127
    case .v6: address == .loopback6
    }
  }
}
