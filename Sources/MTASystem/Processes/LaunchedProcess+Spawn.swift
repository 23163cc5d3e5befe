#if canImport(Glibc)
  import CMTASystem
  import Glibc
  import NIOCore

  extension LaunchedProcess {
    /// The variable that says which descriptor has the order.
    static let variable = "SWIFT_MTA_LAUNCH"

    /// The order in a memory file that nobody can change, not even the child.
    static func memoryFile(_ bytes: ByteBuffer) throws(LaunchFailure) -> Int32 {
      let file = csystem_memfd("launch")
      guard file >= 0 else { throw .system(operation: "memfd_create", code: errno) }
      let code = bytes.withUnsafeReadableBytes { bytes -> Int32 in
        var rest = bytes[...]
        while !rest.isEmpty {
          let part = UnsafeRawBufferPointer(rebasing: rest)
          let written = Glibc.write(file, part.baseAddress, part.count)
          if written > 0 {
            rest = rest.dropFirst(written)
          } else if written == 0 || errno != EINTR {
            return written < 0 ? errno : EIO
          }
        }
        return csystem_seal(file) == 0 ? 0 : errno
      }
      guard code == 0 else {
        close(file)
        throw .system(operation: "write of the launch order", code: code)
      }
      return file
    }

    /// Variables for a child: ours without those that are meant for this process alone, and `added` in place of those of the same name.
    static func inherited(_ own: [String], _ added: [String: String]) -> [String] {
      let kept = own.filter { variable in
        let name = variable.utf8.prefix { $0 != UInt8(ascii: "=") }
        return !isOurs(name) && added[String(Substring(name))] == nil
      }
      return kept + added.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    static func ownVariables() -> [String] {
      var variables: [String] = []
      var place = environ
      while let variable = place.pointee {
        variables.append(String(cString: variable))
        place += 1
      }
      return variables
    }

    private static func isOurs(_ name: Substring.UTF8View) -> Bool {
      name.elementsEqual("NOTIFY_SOCKET".utf8) || name.elementsEqual("MAINPID".utf8)
        || ["SWIFT_MTA_", "LISTEN_", "WATCHDOG_"].contains { name.starts(with: $0.utf8) }
    }

    /// - Parameters:
    ///   - streams: standard output and standard error.
    ///   - passed: descriptors that become 3, 4 and so on.
    static func start(
      _ path: String, _ arguments: [String], _ variables: [String], streams: [Int32], passed: [Int32]
    ) throws(LaunchFailure) -> Int32 {
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
      posix_spawn_file_actions_init(&actions)
      posix_spawnattr_init(&attributes)
      defer {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
      }
      // By way of numbers above those that the child gets: no copy is overwritten before it is used, and none has its number already, when
      // dup2 would leave it to be closed by exec.
      let wanted = streams + passed
      let first = Int32(1 + wanted.count)
      var copies: [Int32] = []
      defer { for copy in copies { close(copy) } }
      for descriptor in wanted {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, first)
        guard copy >= 0 else { throw .system(operation: "dup of descriptor \(descriptor)", code: errno) }
        copies.append(copy)
      }
      var code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
      for (place, copy) in copies.enumerated() where code == 0 {
        code = posix_spawn_file_actions_adddup2(&actions, copy, 1 + Int32(place))
      }
      if code == 0 { code = csystem_close_from(&actions, first) }
      // Signals that this process blocks or ignores are the child's own again.
      var none = sigset_t()
      var all = sigset_t()
      sigemptyset(&none)
      sigfillset(&all)
      posix_spawnattr_setsigmask(&attributes, &none)
      posix_spawnattr_setsigdefault(&attributes, &all)
      posix_spawnattr_setpgroup(&attributes, 0)
      let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
      if code == 0 { code = posix_spawnattr_setflags(&attributes, Int16(flags)) }
      guard code == 0 else { throw .system(operation: "posix_spawn", code: code) }
      var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
      var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
      defer { for text in words + environment { free(text) } }
      var id: pid_t = 0
      code = posix_spawn(&id, path, &actions, &attributes, &words, &environment)
      guard code == 0 else { throw .system(operation: "start of \(path)", code: code) }
      return id
    }
  }
#endif
