import CSQLite
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What each step is made to report in its turn.
enum StepFaults {
  static let all: [FaultPlan.Fault] =
    [ENOSPC, EIO, EMFILE, EROFS].map { .fails($0) }
    + [SQLITE_BUSY, SQLITE_FULL, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_READONLY].map { .refuses($0) }

  /// For what takes many steps.
  static let few: [FaultPlan.Fault] = [.fails(ENOSPC), .fails(EIO), .refuses(SQLITE_BUSY), .refuses(SQLITE_CORRUPT)]

  static func isNoSpace(_ fault: FaultPlan.Fault) -> Bool { fault == .fails(ENOSPC) || fault == .refuses(SQLITE_FULL) }
}
