import MTACore
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a service manager told this process in its environment: where news go (sd_notify(3)), how often it wants a sign of life
/// (sd_watchdog_enabled(3)), and which sockets it opened (sd_listen_fds(3)). Or what ``DetachedStart`` told.
struct ServiceEnvironment: Sendable {
  /// This process's own. The variables are removed once they are read: programs that this one starts must not take them for theirs.
  static let own: ServiceEnvironment = {
    var variables: [String: String] = [:]
    for name in names {
      guard let value = getenv(name) else { continue }
      variables[name] = String(cString: value)
      unsetenv(name)
    }
    var own = ServiceEnvironment(variables, process: getpid())
    own.variables = variables.filter { kept.contains($0.key) }
    let passed = own.descriptors.withLockedValue { $0.map(\.number) } + [own.starter.withLockedValue { $0 } ?? -1]
    for descriptor in passed { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    return own
  }()

  /// Those that the next program of this process is told, too.
  private static let kept: Set = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]

  private static let names = [
    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
    DetachedStart.variable,
  ]

  struct Descriptor: Hashable, Sendable {
    let number: Int32
    let name: String
  }

  /// As they came, for the next program of this process.
  private(set) var variables: [String: String] = [:]
  let notifier: ServiceNotifier?
  /// Without a sign of life for this time, the service manager ends the process. Nil: it does not watch.
  let watchdog: Duration?
  private let descriptors: NIOLockedValueBox<[Descriptor]>
  private let starter: NIOLockedValueBox<Int32?>

  /// Variables that name another process are for that one.
  init(_ variables: [String: String], process: Int32) {
    notifier = variables["NOTIFY_SOCKET"].flatMap { ServiceNotifier($0) }
    let isWatched = variables["WATCHDOG_PID"].map { Int32($0) == process } ?? true
    let period = variables["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
    watchdog = isWatched && period > 0 ? .microseconds(period) : nil
    let starter = variables[DetachedStart.variable].flatMap { Int32($0) }
    self.starter = NIOLockedValueBox(starter.flatMap { $0 > STDERR_FILENO ? $0 : nil })
    var descriptors: [Descriptor] = []
    if variables["LISTEN_PID"].flatMap({ Int32($0) }) == process,
      let count = variables["LISTEN_FDS"].flatMap({ Int32($0) }), (1...Self.mostDescriptors).contains(count)
    {
      let names = (variables["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
      descriptors = (0..<count).map { place in
        let name = names.dropFirst(Int(place)).first
        return Descriptor(number: Self.firstDescriptor + place, name: name.map { String($0) } ?? "")
      }
    }
    self.descriptors = NIOLockedValueBox(descriptors)
  }

  private static let firstDescriptor: Int32 = 3
  private static let mostDescriptors: Int32 = 1024

  /// The descriptors that were passed. They go to the first server that asks, and to no other.
  func takeDescriptors() -> [Descriptor] {
    descriptors.withLockedValue { descriptors in
      defer { descriptors = [] }
      return descriptors
    }
  }

  /// A starter waits for this server to leave its terminal.
  var hasStarter: Bool { starter.withLockedValue { $0 != nil } }

  /// The descriptor on which a starter waits for the first server that listens.
  func takeStarter() -> Int32? {
    starter.withLockedValue { starter in
      defer { starter = nil }
      return starter
    }
  }
}
