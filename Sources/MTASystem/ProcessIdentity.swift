public import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether the holder of a lease can still give it back.
public enum LeaseLiveness: Hashable, Sendable {
  case alive
  /// The process has ended. Another process may have its number now.
  case dead
  /// The lease is of another boot: of this machine before its last start, or of another machine. The two cannot be told apart.
  case elsewhere
}

extension LeaseOwner {
  /// This process, as the kernel knows it.
  ///
  /// - Parameter runner: distinguishes runners within the process.
  public static func thisProcess(runner: UInt32 = 0) -> LeaseOwner {
    let process = getpid()
    return LeaseOwner(
      boot: ProcessIdentity.boot, process: process, started: ProcessIdentity.ownStart, runner: runner)
  }

  /// Asks the kernel about the owner's process.
  public var liveness: LeaseLiveness {
    guard boot == ProcessIdentity.boot else { return .elsewhere }
    switch ProcessIdentity.startTime(of: process) {
    case .known(let now): return now == started ? .alive : .dead
    case .none: return .dead
    // A kernel that cannot be asked, for want of descriptors, say, has declared nobody dead.
    case .unknown: return .alive
    }
  }
}

/// The facts that distinguish a process from every other of this boot.
enum ProcessIdentity {
  /// The id of the running kernel's boot: the same for all processes until the machine restarts.
  static let boot: String = {
    #if canImport(Glibc)
      let text = contents(of: "/proc/sys/kernel/random/boot_id") ?? []
    #else
      let text = control("kern.bootsessionuuid")
    #endif
    let id = text.filter { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 }
    return id.isEmpty ? "unknown" : String(decoding: id, as: UTF8.self)
  }()

  /// The start of this process. It is asked once, and early: later the kernel may refuse.
  static let ownStart: UInt64 = {
    if case .known(let start) = startTime(of: getpid()) { start } else { 0 }
  }()

  enum StartTime: Hashable {
    case known(UInt64)
    /// There is no process of this number, or it has ended.
    case none
    case unknown
  }

  /// The start of a process.
  static func startTime(of process: Int32) -> StartTime {
    #if canImport(Glibc)
      guard let text = contents(of: "/proc/\(process)/stat") else {
        return errno == ENOENT || errno == ESRCH ? .none : .unknown
      }
      // proc(5): `pid (name) state ppid …`; the name may hold blanks and brackets, so fields are counted from the last
      // bracket: the state is field 3, the start time field 22.
      guard let bracket = text.lastIndex(of: UInt8(ascii: ")")) else { return .unknown }
      let fields = text[(bracket + 1)...].split(separator: UInt8(ascii: " "))
      guard fields.count > 19, let state = fields[0].first else { return .unknown }
      if state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") { return .none }
      return UInt64(String(decoding: fields[19], as: UTF8.self)).map { .known($0) } ?? .unknown
    #else
      var record = kinfo_proc()
      var size = MemoryLayout<kinfo_proc>.stride
      var name = [CTL_KERN, KERN_PROC, KERN_PROC_PID, process]
      guard sysctl(&name, UInt32(name.count), &record, &size, nil, 0) == 0 else { return .unknown }
      guard size > 0 else { return .none }
      let started = record.kp_proc.p_starttime
      return .known(UInt64(clamping: started.tv_sec) &* 1_000_000 &+ UInt64(clamping: started.tv_usec))
    #endif
  }

  #if canImport(Glibc)
    /// The first 4096 bytes of a file of /proc. Nil on failure, with the reason in `errno`.
    private static func contents(of path: String) -> [UInt8]? {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = read(descriptor, &bytes, bytes.count)
      let reason = errno
      close(descriptor)
      errno = reason
      return count > 0 ? Array(bytes.prefix(count)) : nil
    }
  #else
    private static func control(_ name: String) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 128)
      var size = bytes.count
      return sysctlbyname(name, &bytes, &size, nil, 0) == 0 ? Array(bytes.prefix(size)) : []
    }
  #endif
}
