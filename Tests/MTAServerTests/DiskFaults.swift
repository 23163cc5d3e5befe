import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What each step on the disk is made to report in its turn: four errors of the system, and SQLITE_BUSY, READONLY, IOERR, CORRUPT, FULL.
enum DiskFaults {
  static let all: [FaultPlan.Fault] =
    [ENOSPC, EIO, EMFILE, EROFS].map { .fails($0) } + [5, 8, 10, 11, 13].map { .refuses($0) }

  static func isNoSpace(_ fault: FaultPlan.Fault) -> Bool { fault == .fails(ENOSPC) || fault == .refuses(13) }
}
