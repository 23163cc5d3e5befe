import CSQLite
import MTACore
import MTASystem
import Testing

@testable import MTAStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What each step is made to report in its turn.
enum StepFaults {
  private static let codes = [ENOSPC, EIO, EMFILE, EROFS]
  private static let refusals = [SQLITE_BUSY, SQLITE_FULL, SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_READONLY]
    .map { FaultPlan.Fault.refuses($0) }

  static let all = codes.map { FaultPlan.Fault.fails($0) } + refusals
  /// For what takes many steps: those of the system on files, those of SQLite on the database. What `all` has beside is the same once
  /// more, for an error of the system is SQLITE_FULL or IOERR there.
  static let split = codes.map { FaultPlan.Fault.failsOnFile($0) } + refusals

  static func isNoSpace(_ fault: FaultPlan.Fault) -> Bool { fault == .fails(ENOSPC) || fault == .refuses(SQLITE_FULL) }
}

extension StoreFixture {
  /// Calls `body` with its first, second … step failing until it meets the fault no more; `afterwards` after each failure, without
  /// faults.
  /// - Returns: how many steps failed.
  @discardableResult
  func failingInTurn(
    _ fault: FaultPlan.Fault, _ body: () async throws -> Void, afterwards: () async throws -> Void
  ) async throws -> Int {
    for call in 1...500 {
      let before = faults.injected
      faults.inject(fault, call: call)
      var failure: (any Error)?
      do { try await body() } catch { failure = error }
      faults.clear()
      guard faults.injected > before else {
        #expect(failure == nil)
        return call - 1
      }
      if let failure = failure as? StoreFailure {
        #expect((failure == .noSpace) == StepFaults.isNoSpace(fault), "\(failure)")
        #expect(failure != .closed)
      }
      // A file that resists its removal is left for the next start.
      #expect(
        failure != nil || faults.spoilt.last == "content.unlink", "step \(call) failed, and nobody was told")
      try await afterwards()
    }
    throw StoreFailure.failed("there is no end to the steps")
  }
}

extension FaultPlan.Fault {
  var countsOnFiles: Bool { if case .refuses = self { false } else { true } }
  var countsOnDatabase: Bool { if case .failsOnFile = self { false } else { true } }
}
