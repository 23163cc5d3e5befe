public import MTACore
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Finds hosts as other programs of the machine do: by getaddrinfo(3), which reads `/etc/hosts` and other sources of nsswitch.conf.
/// Names that the system does not know are looked up in the DNS. Use it for hosts that an operator names; look up exchangers in the DNS
/// alone.
///
/// Its answers are not authenticated. getaddrinfo blocks, so each call has a thread of its own: at most ``maximumThreads`` at a time,
/// one for each name. Answers are kept for a minute, including the answer that there is no address. A late call counts as no address.
public final class SystemHosts: DNSLookup {
  /// Calls at a time. Further names are looked up in the DNS at once.
  public static let maximumThreads = 4
  /// The number of names that are kept.
  static let maximumNames = 1000
  private static let memory: Duration = .seconds(60)

  private typealias Waiter = CheckedContinuation<[IPAddress], Never>

  private struct Memory {
    /// Empty if the system knows no such host.
    var addresses: [IPAddress]
    var end: ContinuousClock.Instant
  }

  /// A running call, and the tasks that wait for it.
  private struct Call {
    var number: Int
    var waiters: [Waiter]
  }

  private struct State {
    var known: [DNSName: Memory] = [:]
    var calls: [DNSName: Call] = [:]
    var lastNumber = 0
    var threads = 0
  }

  private enum Turn {
    case found([IPAddress])
    case waits
    case begins(Int)
  }

  private let dns: any DNSLookup
  private let timeLimit: Duration
  private let resolve: @Sendable (String) -> [IPAddress]
  private let state = NIOLockedValueBox(State())

  /// - Parameters:
  ///   - dns: for names that the system does not know, and for everything except addresses.
  ///   - timeLimit: of one call of getaddrinfo; default 5 seconds.
  public convenience init(before dns: any DNSLookup, timeLimit: Duration = .seconds(5)) {
    self.init(before: dns, timeLimit: timeLimit, resolve: Self.ask)
  }

  package init(before dns: any DNSLookup, timeLimit: Duration, resolve: @escaping @Sendable (String) -> [IPAddress]) {
    self.dns = dns
    self.timeLimit = timeLimit
    self.resolve = resolve
  }

  public func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer {
    guard type == .a || type == .aaaa, name.isHostName, !Self.readsAsNumber(name) else {
      return await dns.lookup(name, type)
    }
    let addresses = await addresses(of: name)
    if addresses.isEmpty { return await dns.lookup(name, type) }
    let records = addresses.map { DNSRecord(name, ttl: 60, .address($0)) }.filter { $0.type == type }
    return records.isEmpty ? .noSuchType : .records(records, authenticated: false)
  }

  /// getaddrinfo would read such a name as an IPv4 address of the old forms, `1234` or `0x7f.1`.
  private static func readsAsNumber(_ name: DNSName) -> Bool {
    guard let last = name.labels.last else { return true }
    return last.first.map { (48...57).contains($0) } ?? true
  }

  private func addresses(of name: DNSName) async -> [IPAddress] {
    await withCheckedContinuation { waiter in
      let turn = state.withLockedValue { state -> Turn in
        if let known = state.known[name], known.end > .now { return .found(known.addresses) }
        if state.calls[name] != nil {
          state.calls[name]?.waiters.append(waiter)
          return .waits
        }
        guard state.threads < Self.maximumThreads else { return .found([]) }
        state.threads += 1
        state.lastNumber += 1
        state.calls[name] = Call(number: state.lastNumber, waiters: [waiter])
        return .begins(state.lastNumber)
      }
      switch turn {
      case .found(let addresses): waiter.resume(returning: addresses)
      case .waits: break
      case .begins(let number): call(name, number)
      }
    }
  }

  private func call(_ name: DNSName, _ number: Int) {
    let code = DetachedThread.start { [self] in
      let addresses = resolve(name.description)
      state.withLockedValue { $0.threads -= 1 }
      end(name, number, addresses)
    }
    guard code == 0 else {
      state.withLockedValue { $0.threads -= 1 }
      return end(name, number, [])
    }
    Task {
      try? await Task.sleep(for: timeLimit)
      end(name, number, [])
    }
  }

  /// The first end of a call counts: its answer, or the time limit.
  private func end(_ name: DNSName, _ number: Int, _ addresses: [IPAddress]) {
    let waiters = state.withLockedValue { state -> [Waiter] in
      guard let call = state.calls[name], call.number == number else { return [] }
      state.calls[name] = nil
      if state.known.count >= Self.maximumNames { state.known = state.known.filter { $0.value.end > .now } }
      if state.known.count < Self.maximumNames {
        state.known[name] = Memory(addresses: addresses, end: .now + Self.memory)
      }
      return call.waiters
    }
    for waiter in waiters { waiter.resume(returning: addresses) }
  }

  /// Blocks.
  private static func ask(_ host: String) -> [IPAddress] {
    var hints = addrinfo()
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var addresses: [IPAddress] = []
    var next = list
    while let entry = next?.pointee, addresses.count < 32 {
      next = entry.ai_next
      guard let address = entry.ai_addr.flatMap({ Self.address(at: $0, entry.ai_family) }) else { continue }
      if !addresses.contains(address) { addresses.append(address) }
    }
    return addresses
  }

  private static func address(at place: UnsafeMutablePointer<sockaddr>, _ family: Int32) -> IPAddress? {
    switch family {
    case AF_INET:
      return place.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { socket in
        withUnsafeBytes(of: socket.pointee.sin_addr) { IPAddress(octets: Array($0)) }
      }
    case AF_INET6:
      return place.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { socket in
        // An address that needs its zone to be of use is none of ours.
        socket.pointee.sin6_scope_id != 0
          ? nil : withUnsafeBytes(of: socket.pointee.sin6_addr) { IPAddress(octets: Array($0)) }
      }
    default: return nil
    }
  }
}
