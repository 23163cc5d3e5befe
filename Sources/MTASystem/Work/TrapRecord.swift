public import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Records the mail that a thread worked on when the process trapped. So a mail that ends the server again and again is found and held.
///
/// ```
/// 1wKf0g-2xK9aT-3F 4 trap/4711/9834251870125/1
/// ```
///
/// A line has the mail's id, the signal, and the process. Only the handler of the signal writes it, so work on a mail costs two stores
/// to memory. kill -9 and a power cut write nothing, for they are not a mail's fault. The kernel has the line when the process is gone;
/// the handler does not wait for the disk.
public enum TrapRecord {
  /// Tells this process from all others.
  private static let thisProcess = LeaseOwner.ofThisProcess(at: "trap")
  /// The signals of a trap, ours or a library's.
  private static let signals = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

  /// From now on traps are recorded in the file at `path`. Earlier handlers of the signals run afterwards. A second call moves the
  /// record.
  public static func install(at path: String) {
    let tails = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: 32)
    tails.initialize(repeating: nil, count: 32)
    for signal in signals { tails[Int(signal)] = strdup(" \(signal) \(thisProcess)\n") }
    let isFirst = record == nil
    // Handlers read it with each trap, so what was there before stays.
    record = Record(path: strdup(path), tails: tails)
    guard isFirst else { return }
    // So that the handler finds it made.
    _ = TrapMark.ofThisThread
    for signal in signals {
      var action = sigaction()
      sigemptyset(&action.sa_mask)
      action.sa_flags = SA_SIGINFO | Int32(SA_ONSTACK)
      #if canImport(Glibc)
        action.__sigaction_handler.sa_sigaction = {
          TrapRecord.trapped($0, $1)
          _ = $2
        }
      #else
        action.__sigaction_u.__sa_sigaction = {
          TrapRecord.trapped($0, $1)
          _ = $2
        }
      #endif
      sigaction(signal, &action, &before[Int(signal)])
    }
  }

  /// Runs `body`, which is work for this mail and stays on this thread.
  @inline(__always)
  public static func marking<Value>(_ mail: MailID, _ body: () throws -> Value) rethrows -> Value {
    guard record != nil else { return try body() }
    let mark = TrapMark.ofThisThread ?? TrapMark.make()
    // Within work that is marked already.
    if mark.pointee.length > 0 { return try body() }
    var text = mail.description
    text.withUTF8 { bytes in
      let count = min(bytes.count, TrapMark.idBytes)
      if let first = bytes.baseAddress { mark.pointee.line.update(from: first, count: count) }
      mark.pointee.length = count
    }
    defer { mark.pointee.length = 0 }
    return try body()
  }

  private struct Record {
    let path: UnsafeMutablePointer<CChar>?
    let tails: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  }

  // Written by `install` before mail is worked on; read by handlers, which cannot wait for a lock.
  nonisolated(unsafe) private static var record: Record?
  nonisolated(unsafe) private static let before: UnsafeMutablePointer<sigaction> = {
    let actions = UnsafeMutablePointer<sigaction>.allocate(capacity: 32)
    actions.initialize(repeating: sigaction(), count: 32)
    return actions
  }()

  /// Runs within the signal. It may call only functions that are safe there (signal-safety(7)), and must not allocate.
  private static func trapped(_ signal: Int32, _ info: UnsafeMutablePointer<siginfo_t>?) {
    let code = info?.pointee.si_code ?? 0
    // Above 0 the kernel says so, of an instruction of this thread; -6 is the thread's own word (abort(3)). All else came from outside.
    if code > 0 || code == -6, let record, let mark = TrapMark.ofThisThread, mark.pointee.length > 0,
      let path = record.path, let tail = record.tails[Int(signal)]
    {
      let (line, length) = (mark.pointee.line, mark.pointee.length)
      let tailLength = min(strlen(tail), TrapMark.lineBytes - length)
      memcpy(line + length, tail, tailLength)
      let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
      if file >= 0 {
        _ = write(file, line, length + tailLength)
        close(file)
      }
    }
    sigaction(signal, &before[Int(signal)], nil)
    // The instruction is met again, and whoever handled it before sees it as it was. What is no instruction's fault is said again.
    if code <= 0 || signal == SIGTRAP { raise(signal) }
  }
}
