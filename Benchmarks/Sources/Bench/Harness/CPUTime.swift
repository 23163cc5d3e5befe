#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Processor time: what the work cost, whoever else uses the machine.
enum CPUTime {
  /// Of this process so far, all threads, user and system together; in seconds.
  static var seconds: Double {
    var usage = rusage()
    // RUSAGE_SELF, which Glibc shows as another type than getrusage takes.
    getrusage(0, &usage)
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
