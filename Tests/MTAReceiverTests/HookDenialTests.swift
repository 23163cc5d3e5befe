import Foundation
import Logging
import MTASystem
import NIOCore
import Testing

@testable import MTAReceiver

/// What the log says of a hook that was denied a file.
@Suite struct HookDenialTests {
  /// As swift-system has it, which is none of our dependencies.
  private struct Errno: RawRepresentable, Error { var rawValue: CInt }

  private struct Other: Error { var code = Int(EACCES) }

  @Test(
    arguments: [
      FileFailure(code: EACCES, operation: "open", path: "/etc/lists"),
      CocoaError(.fileReadNoPermission, userInfo: [NSFilePathErrorKey: "/etc/lists"]),
      CocoaError(
        .fileWriteNoPermission,
        userInfo: [NSFilePathErrorKey: "/etc/lists", NSUnderlyingErrorKey: POSIXError(.EACCES)]),
      CocoaError(
        .fileReadUnknown, userInfo: [NSFilePathErrorKey: "/etc/lists", NSUnderlyingErrorKey: POSIXError(.EACCES)]),
      NSError(domain: NSPOSIXErrorDomain, code: Int(EACCES), userInfo: [NSFilePathErrorKey: "/etc/lists"]),
      NSError(domain: NSCocoaErrorDomain, code: 257, userInfo: [NSFilePathErrorKey: "/etc/lists"]),
    ] as [any Error])
  func theFileIsNamed(error: any Error) throws {
    let denial = try #require(HookDenial(error, isBound: true))
    #expect(denial.path == "/etc/lists")
  }

  @Test(
    arguments: [
      POSIXError(.EACCES), Errno(rawValue: EACCES), IOError(errnoCode: EACCES, reason: "open"),
    ] as [any Error])
  func anErrorWithoutAFileIsADenialToo(error: any Error) throws {
    let denial = try #require(HookDenial(error, isBound: true))
    #expect(denial.path == nil)
  }

  @Test(
    arguments: [
      FileFailure(code: ENOENT, operation: "open", path: "/etc/lists"), POSIXError(.EPERM), Errno(rawValue: ENOENT),
      CocoaError(.fileReadNoSuchFile, userInfo: [NSFilePathErrorKey: "/etc/lists"]), Other(), CancellationError(),
      IOError(errnoCode: ECONNREFUSED, reason: "connect"),
    ] as [any Error])
  func otherErrorsAreNoDenial(error: any Error) {
    #expect(HookDenial(error, isBound: true) == nil)
  }

  /// There a mode is wrong, and no setting helps.
  @Test func aProcessThatIsNotBoundGetsNoHint() {
    let failure = FileFailure(code: EACCES, operation: "open", path: "/etc/lists")
    #expect(HookDenial(failure, isBound: false) == nil)
    // Nor do these tests.
    #expect(HookDenial(failure) == nil)
  }
}
