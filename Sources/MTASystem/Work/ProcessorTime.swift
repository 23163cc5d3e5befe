#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The processor time of threads.
public enum ProcessorTime {
  /// The number of the machine's processors.
  public static let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

  /// The clock of the thread that makes it. Any thread may read it while that thread lives. On systems without one (Darwin) it is the
  /// time of day.
  struct Clock: Sendable {
    let id: UInt64
    #if canImport(Glibc)
      private let clock: clockid_t
    #endif

    init() {
      let thread = pthread_self()
      #if canImport(Glibc)
        id = UInt64(thread)
        var clock = clockid_t()
        self.clock = pthread_getcpuclockid(thread, &clock) == 0 ? clock : CLOCK_MONOTONIC
      #else
        id = UInt64(UInt(bitPattern: thread))
      #endif
    }

    /// Nanoseconds.
    var now: Int64 {
      #if canImport(Glibc)
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
      #else
        return MonotonicInstant.now.nanoseconds
      #endif
    }
  }

  /// The calling thread sleeps.
  static func pause(milliseconds: Int) {
    var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    nanosleep(&time, nil)
  }
}
