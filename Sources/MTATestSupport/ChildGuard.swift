#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Sees to it that the programs which a test runs end with the process of the tests, however that ends: by kill -9, too.
///
/// One shell stands by. It reads from a pipe which children were started and which have ended; when the pipe closes, which the
/// system does at the end of this process, it kills the others.
final class ChildGuard: Sendable {
  static let shared = ChildGuard()

  /// The end that is written to; nil where no guard could be started. Then children may outlive a run that is killed.
  private let pipe: Int32?
  private static let script = """
    trap '' HUP INT TERM QUIT
    running=' '
    while read -r what id; do
      case $what in
        started) running="$running$id " ;;
        ended) case $running in *" $id "*) running="${running%% $id *} ${running#* $id }" ;; esac ;;
      esac
    done
    for id in $running; do kill -9 "$id" 2>/dev/null; done
    """

  private init() {
    var ends: [Int32] = [-1, -1]
    guard systemPipe(&ends) == 0 else {
      pipe = nil
      return
    }
    // Children must not hold the pipe open.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let started = try? ChildProcess.spawn("/bin/sh", ["-c", Self.script], [.descriptor(ends[0]), .null, .null])
    close(ends[0])
    if started == nil {
      close(ends[1])
      pipe = nil
    } else {
      pipe = ends[1]
    }
  }

  func started(_ id: pid_t) { tell("started \(id)\n") }
  func ended(_ id: pid_t) { tell("ended \(id)\n") }

  /// Lines are far below PIPE_BUF, so none is mixed with another's.
  private func tell(_ line: String) {
    guard let pipe else { return }
    let bytes = Array(line.utf8)
    _ = bytes.withUnsafeBytes { write(pipe, $0.baseAddress, $0.count) }
  }
}

/// pipe(2), whose name ``ChildGuard`` uses for its own.
private func systemPipe(_ ends: inout [Int32]) -> Int32 { pipe(&ends) }
