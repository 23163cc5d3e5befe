import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MailServer {
  /// Starts this program again, detached from the terminal, and waits until its server listens: what `--daemonize` is in other servers.
  /// A service manager has no need of it.
  ///
  /// The new process leads a session of its own. It runs `main` from the begin, with the same environment and working directory. Its
  /// standard input is empty. What it says on standard output and standard error goes where this process's goes, until its server
  /// listens; from then on it goes nowhere.
  ///
  /// - Parameter arguments: those of the new process, without the program's name, and without the one that asked for this.
  /// - Returns: what this process should exit with: 0 when the server listens; otherwise what the new process ended with, which is 128
  ///   and the number of the signal if one ended it.
  /// - Throws: ``StartFailure`` if no process can be started.
  public static func startDetached(arguments: [String]) throws(StartFailure) -> Int32 {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw StartFailure("cannot make a pipe: \(String(cString: strerror(errno)))") }
    let (news, telling) = (ends[0], ends[1])
    // The other end is for the new process.
    _ = fcntl(news, F_SETFD, FD_CLOEXEC)
    let started = Result { () throws(StartFailure) in try DetachedStart.spawn(arguments, telling: telling) }
    close(telling)
    defer { close(news) }
    let process = try started.get()
    var word: UInt8 = 0
    var count = 0
    repeat { count = read(news, &word, 1) } while count < 0 && errno == EINTR
    if count == 1 { return 0 }
    // It has ended without a word.
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 { if errno != EINTR { return 1 } }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }
}

/// The two sides of ``MailServer/startDetached(arguments:)``.
enum DetachedStart {
  /// Has the number of the descriptor on which the starter waits.
  static let variable = "SWIFT_MTA_STARTER"

  #if canImport(Glibc)
    /// POSIX_SPAWN_SETSID, which spawn.h has for GNU programs alone.
    private static let ownSession: Int32 = 0x80
  #else
    private static let ownSession = POSIX_SPAWN_SETSID
  #endif

  static func spawn(_ arguments: [String], telling: Int32) throws(StartFailure) -> pid_t {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    // The new process decides about its signals itself.
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(ownSession | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let program = try executable()
    let texts = [CommandLine.arguments.first ?? program] + arguments
    var words: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
    let told = strdup("\(variable)=\(telling)")
    var variables: [UnsafeMutablePointer<CChar>?] = [told]
    defer {
      for word in words { free(word) }
      free(told)
    }
    var place = environ
    while let variable = place.pointee {
      variables.append(variable)
      place += 1
    }
    variables.append(nil)
    var process: pid_t = 0
    let code = posix_spawn(&process, program, &actions, &attributes, &words, &variables)
    guard code == 0 else { throw StartFailure("cannot start \(program): \(String(cString: strerror(code)))") }
    return process
  }

  /// Tells the starter that the server listens, and lets the standard descriptors go.
  static func tell(_ descriptor: Int32) {
    let nowhere = open("/dev/null", O_RDWR)
    if nowhere >= 0 {
      for standard in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] { dup2(nowhere, standard) }
      if nowhere > STDERR_FILENO { close(nowhere) }
    }
    var word: UInt8 = 1
    // The starter may have gone. NIO ignores SIGPIPE where a descriptor cannot.
    #if canImport(Darwin)
      _ = fcntl(descriptor, F_SETNOSIGPIPE, 1)
    #endif
    _ = write(descriptor, &word, 1)
    close(descriptor)
  }

  private static func executable() throws(StartFailure) -> String {
    // A link that leads elsewhere after an update is what an upgrade goes by.
    if let path = StartedProgram.path { return path }
    var path = [CChar](repeating: 0, count: 4096)
    #if canImport(Glibc)
      let count = readlink("/proc/self/exe", &path, path.count - 1)
      guard count > 0 else { throw StartFailure("cannot find this program: \(String(cString: strerror(errno)))") }
    #else
      var size = UInt32(path.count)
      guard _NSGetExecutablePath(&path, &size) == 0 else { throw StartFailure("cannot find this program") }
    #endif
    return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
