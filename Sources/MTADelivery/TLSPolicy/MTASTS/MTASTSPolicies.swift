import Logging
import MTACore
import NIOCore

/// Finds the MTA-STS policies of domains, and keeps them (RFC 8461 §3, §5).
///
/// A policy is fetched when the domain's record names one that is not known. One fetch serves all mails that wait for it, and takes
/// limited time. A fetched policy holds for its whole time, even if record or policy host cannot be reached later: an attacker who
/// blocks them must not switch it off (RFC 8461 §5.1). Without a policy, the domain's mail goes on.
actor MTASTSPolicies {
  enum Finding: Hashable, Sendable {
    /// There is no policy; why.
    case none(String)
    /// - note: a remark about the policy's origin; empty if all is well.
    case policy(MTASTSPolicy, note: String)
  }

  /// Fetches the text of a policy.
  typealias Fetch = @Sendable (DNSName) async throws(PolicyFetchFailure) -> [UInt8]

  private struct Failure {
    var id: String
    var at: Timestamp
    var reason: String
  }

  /// The number of failures that are remembered.
  private static let maximumFailures = 10_000

  private let configuration: MTASTSConfiguration
  private let dns: any DNSLookup
  private let clock: any WallClock
  private let file: MTASTSCacheFile?
  private let logger: Logger
  private let fetch: Fetch

  private var cache: MTASTSCache
  private var loading: Task<Void, Never>?
  private var isLoaded = false
  private var flights: [DNSName: Task<Result<MTASTSPolicy, PolicyFetchFailure>, Never>] = [:]
  private var failures: [DNSName: Failure] = [:]
  private var isWriting = false
  private var isChanged = false

  init(
    _ configuration: MTASTSConfiguration, dns: any DNSLookup, clock: any WallClock, file: MTASTSCacheFile?,
    logger: Logger, fetch: @escaping Fetch
  ) {
    self.configuration = configuration
    self.dns = dns
    self.clock = clock
    self.file = file
    self.logger = logger
    self.fetch = fetch
    cache = MTASTSCache(maximumDomains: configuration.maximumDomains)
  }

  func finding(for domain: DNSName) async -> Finding {
    await load()
    let record = await record(of: domain)
    let known = cache.entry(for: domain, at: clock.now)
    guard case .id(let id) = record else {
      guard case .none(let reason) = record else { return .none("no MTA-STS record") }
      // RFC 8461 §5.1: no record any more, but the policy still holds.
      return known.map { .policy($0.policy, note: ", kept: \(reason)") } ?? .none(reason)
    }
    if let known, known.policy.id == id {
      if clock.now - known.fetchedAt >= configuration.refreshInterval, mayFetch(domain, id) { _ = begin(domain, id) }
      return .policy(known.policy, note: "")
    }
    var reason = failures[domain].flatMap { $0.id == id ? $0.reason : nil } ?? ""
    if mayFetch(domain, id) {
      switch await begin(domain, id).value {
      case .success(let policy): return .policy(policy, note: "")
      case .failure(let failure): reason = failure.description
      }
    }
    // RFC 8461 §3.3, §5.1.
    let words = "the MTA-STS policy cannot be fetched: \(reason)"
    return cache.entry(for: domain, at: clock.now).map { .policy($0.policy, note: ", kept: \(words)") } ?? .none(words)
  }

  private func record(of domain: DNSName) async -> MTASTSRecord.Finding {
    guard let name = DNSName("_mta-sts").appending(domain) else { return .none("no MTA-STS record") }
    return switch await dns.text(of: name) {
    case .found(let texts): MTASTSRecord.find(in: texts)
    case .none: .none("no MTA-STS record")
    case .failure(let failure): .none("\(name) could not be looked up: \(failure)")
    }
  }

  // MARK: fetching

  private func mayFetch(_ domain: DNSName, _ id: String) -> Bool {
    guard let failure = failures[domain], failure.id == id else { return true }
    return clock.now - failure.at >= configuration.retryPause
  }

  /// The running fetch for the domain, or a new one.
  private func begin(_ domain: DNSName, _ id: String) -> Task<Result<MTASTSPolicy, PolicyFetchFailure>, Never> {
    if let flight = flights[domain] { return flight }
    let fetch = fetch
    let flight = Task<Result<MTASTSPolicy, PolicyFetchFailure>, Never> {
      let result: Result<MTASTSPolicy, PolicyFetchFailure>
      do throws(PolicyFetchFailure) {
        let text = try await fetch(domain)
        do throws(MTASTSPolicy.Fault) {
          result = .success(try MTASTSPolicy(id: id, text: text))
        } catch { throw PolicyFetchFailure.notAPolicy(error.description) }
      } catch { result = .failure(error) }
      landed(domain, id, result)
      return result
    }
    flights[domain] = flight
    return flight
  }

  private func landed(_ domain: DNSName, _ id: String, _ result: Result<MTASTSPolicy, PolicyFetchFailure>) {
    flights[domain] = nil
    switch result {
    case .success(let policy):
      failures[domain] = nil
      cache.set(policy, for: domain, at: clock.now)
      save()
    case .failure(let failure):
      // RFC 8461 §10.2: whoever runs this should learn of it.
      logger.warning(
        "an MTA-STS policy cannot be fetched", metadata: ["domain": "\(domain)", "reason": "\(failure)"])
      if failures.count >= Self.maximumFailures { failures = [:] }
      failures[domain] = Failure(id: id, at: clock.now, reason: failure.description)
    }
  }

  // MARK: the file

  private func load() async {
    if isLoaded { return }
    if loading == nil { loading = Task { await read() } }
    await loading?.value
    isLoaded = true
    loading = nil
  }

  private func read() async {
    guard let file else { return }
    do {
      let text = try await file.read()
      guard text.readableBytes > 0 else { return }
      switch cache.read(text.readableBytesView) {
      case 0?: break
      case let damaged?:
        logger.warning("lines of the MTA-STS cache are damaged", metadata: ["lines": "\(damaged)"])
      case nil: logger.warning("the MTA-STS cache is damaged, and is begun anew", metadata: ["file": "\(file.path)"])
      }
    } catch {
      logger.warning("the MTA-STS cache cannot be read", metadata: ["reason": "\(error)"])
    }
  }

  /// One write at a time. Later changes go with the next.
  private func save() {
    isChanged = true
    guard let file, !isWriting else { return }
    isWriting = true
    Task {
      while isChanged {
        isChanged = false
        do { try await file.write(cache.text(at: clock.now)) } catch {
          logger.warning("the MTA-STS cache cannot be written", metadata: ["reason": "\(error)"])
        }
      }
      isWriting = false
      for waiter in writers { waiter.resume() }
      writers = []
    }
  }

  private var writers: [CheckedContinuation<Void, Never>] = []

  /// Returns when everything known is in the file, as far as it can be written.
  func settle() async {
    if isWriting { await withCheckedContinuation { writers.append($0) } }
  }
}
