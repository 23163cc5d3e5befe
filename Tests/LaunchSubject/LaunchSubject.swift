import EarlyThread
import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A child made to be asked what it may do. Only the tests run it (LaunchedProcessTests). Each argument is a question; the answer is a line.
///
///     LaunchSubject role uid "read /etc/shadow" hold
@main struct LaunchSubject {
  static func main() {
    for question in CommandLine.arguments.dropFirst() {
      let words = question.split(separator: " ", maxSplits: 1).map(String.init)
      say("\(question): \(answer(words[0], words.count > 1 ? words[1] : ""))")
      if words[0] == "hold" { hold() }
    }
  }

  private static func answer(_ question: String, _ what: String) -> String {
    switch question {
    case "role": "\(ProcessRole.current) \(LaunchOrder.own?.generation ?? 0)"
    case "ids": "\(getuid()) \(geteuid()) \(getgid()) \(getegid()) \(getgroups(0, nil))"
    case "landlock": "\(Landlock.applied)"
    case "variable": getenv(what).map { String(cString: $0) } ?? "none"
    case "blob": LaunchOrder.own?.blobs[what].map { String(buffer: $0) } ?? "none"
    case "descriptor": LaunchOrder.own?.descriptors[what].map { say(to: $0, "through \(what)") } ?? "none"
    case "descriptors": descriptors()
    case "closes": LaunchOrder.own?.descriptors[what].map { "\(fcntl($0, F_GETFD) & FD_CLOEXEC)" } ?? "none"
    case "limits": "\(limit(.descriptors)) \(limit(.core))"
    case "read": result(open(what, O_RDONLY | O_CLOEXEC))
    case "write": result(open(what, O_WRONLY | O_CLOEXEC | O_CREAT, 0o600))
    case "list": opendir(what) == nil ? name(of: errno) : "done"
    case "become": become(what)
    case "regain": "\(result(setuid(0))) \(result(setgid(0))) \(result(setgroups(0, nil)))"
    case "signal": result(kill(Int32(what) ?? 0, 0))
    case "start": start(what)
    case "program": LaunchOrder.programPaths.joined(separator: "\nprogram: ")
    case "relaunch": relaunch(what)
    case "mask": mask()
    case "group": getpgrp() == getpid() ? "own" : "other"
    case "early": "\(early_thread_runs())"
    case "hold": threads()
    case "exit": { exit(Int32(what) ?? 0) }()
    default: "?"
    }
  }

  /// At once: a buffer may die with the process.
  @discardableResult
  private static func say(to descriptor: Int32 = STDOUT_FILENO, _ line: String) -> String {
    let bytes = Array((line + "\n").utf8)
    return result(Int32(truncatingIfNeeded: write(descriptor, bytes, bytes.count)))
  }

  private static func result(_ value: Int32) -> String { value >= 0 ? "done" : name(of: errno) }

  private static func name(of code: Int32) -> String {
    switch code {
    case EACCES: "EACCES"
    case EPERM: "EPERM"
    case ENOENT: "ENOENT"
    case EBADF: "EBADF"
    default: "\(code)"
    }
  }

  /// By asking the numbers: a child may not have /proc.
  private static func descriptors() -> String {
    (0..<4096).filter { fcntl($0, F_GETFD) >= 0 }.map { "\($0)" }.joined(separator: " ")
  }

  private enum Limit { case descriptors, core }

  private static func limit(_ limit: Limit) -> String {
    var found = rlimit()
    #if canImport(Glibc)
      let resource = limit == .core ? RLIMIT_CORE : RLIMIT_NOFILE
      getrlimit(__rlimit_resource_t(resource.rawValue), &found)
    #endif
    return "\(found.rlim_cur)/\(found.rlim_max)"
  }

  private static func start(_ path: String) -> String {
    var id: pid_t = 0
    var words: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
    let code = posix_spawn(&id, path, nil, nil, &words, environ)
    guard code == 0 else { return name(of: code) }
    var status: Int32 = 0
    waitpid(id, &status, 0)
    return "ended \(status)"
  }

  /// Starts this program again, as a child with few rights may.
  private static func relaunch(_ question: String) -> String {
    let end = Monitor<LaunchedProcess.End?>(nil)
    do {
      let child = try LaunchedProcess.spawn(
        LaunchOrder(.receiver), arguments: ["LaunchSubject", "role", question])
      child.onEnd { found in
        end.signal { state in
          state = found
          return true
        }
      }
    } catch {
      return "\(error)"
    }
    return end.wait(until: { _ in nil }, take: { $0 })?.description ?? ""
  }

  /// With threads that were there before.
  private static func become(_ number: String) -> String {
    threads()
    let number = UInt32(number) ?? 0
    do { try SystemAccount.become(user: number, group: number) } catch { return "\(error)" }
    let names = (try? DurableFiles().names(in: "/proc/self/task", at: "test")) ?? []
    let facts = names.map { name in
      let text = try? DurableFiles().openForReading("/proc/self/task/\(name)/status", at: "test")
        .read(from: 0, upTo: 8192, at: "test")
      return String(buffer: text ?? .init()).split(separator: "\n").filter { line in
        ["Uid", "Gid", "Groups", "CapEff", "CapPrm"].contains { line.hasPrefix($0) }
      }.joined(separator: " ").split { $0 == "\t" || $0 == " " }.joined(separator: " ")
    }
    return "\(facts.count >= 4) \(Set(facts).sorted().joined(separator: "; "))"
  }

  private static func mask() -> String {
    var blocked = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &blocked)
    var pipe = sigaction()
    sigaction(SIGPIPE, nil, &pipe)
    #if canImport(Glibc)
      let isDefault = pipe.__sigaction_handler.sa_handler == nil
    #else
      let isDefault = false
    #endif
    return "\((1..<32).filter { sigismember(&blocked, Int32($0)) == 1 }) \(isDefault)"
  }

  /// Threads of the program's own, whose rights the test looks at.
  @discardableResult
  private static func threads() -> String {
    for _ in 0..<3 { startThread { while true { pause() } } }
    return "\(getpid())"
  }

  private static func hold() {
    guard let end = LaunchOrder.own?.descriptors["hold"] else { while true { pause() } }
    var byte: UInt8 = 0
    _ = read(end, &byte, 1)
  }
}
