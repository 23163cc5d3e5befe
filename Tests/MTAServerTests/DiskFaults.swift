import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What each step on the disk is made to report in its turn: four errors of the system, and SQLITE_BUSY, READONLY, IOERR, CORRUPT, FULL.
enum DiskFaults {
  private static let codes = [ENOSPC, EIO, EMFILE, EROFS]
  private static let refusals = [5, 8, 10, 11, 13].map { FaultPlan.Fault.refuses($0) }

  static let all = codes.map { FaultPlan.Fault.fails($0) } + refusals
  /// For what takes many steps: those of the system on files, those of SQLite on the database, where an error of the system is
  /// SQLITE_FULL or IOERR.
  static let split = codes.map { FaultPlan.Fault.failsOnFile($0) } + refusals

  static func isNoSpace(_ fault: FaultPlan.Fault) -> Bool { fault == .fails(ENOSPC) || fault == .refuses(13) }
}
