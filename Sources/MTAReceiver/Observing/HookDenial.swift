import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The system denied a hook a file (EACCES), in a process that reaches few. What it is to reach stands in the setting `receiverPaths`.
package struct HookDenial: Hashable, Sendable {
  /// Nil where the error does not say.
  package let path: String?

  /// Nil for other errors, and in processes that reach what their user does.
  ///
  /// Known are the errors of our own, of NIO, Foundation and swift-system. The latter two are told by name, for this module imports neither.
  package init?(_ error: any Error, isBound: Bool = Self.isProcessBound) {
    guard isBound else { return nil }
    switch error {
    case let failure as FileFailure:
      guard failure.code == EACCES else { return nil }
      path = failure.path
    case let failure as IOError:
      guard failure.errnoCode == EACCES else { return nil }
      path = nil
    default:
      let facts = Facts(error)
      guard facts.isDenied else { return nil }
      path = facts.path
    }
  }

  private static let isProcessBound = Landlock.applied > 0 || ProcessRole.current == .receiver
}

/// What is in an error of Foundation or swift-system.
private struct Facts {
  let isDenied: Bool
  let path: String?

  init(_ error: any Error) {
    let mirror = Mirror(reflecting: error)
    let info = (mirror.descendant("userInfo") ?? mirror.descendant("_userInfo")) as? [String: Any] ?? [:]
    path = info["NSFilePath"] as? String
    let code = mirror.descendant("code").flatMap(Self.number) ?? Self.number(error) ?? error._code
    let denied: [Int]
    switch (error._domain, "\(type(of: error))") {
    // fileReadNoPermission, fileWriteNoPermission.
    case ("NSCocoaErrorDomain", _), (_, "CocoaError"): denied = [257, 513]
    case ("NSPOSIXErrorDomain", _), (_, "POSIXError"), (_, "Errno"): denied = [Int(EACCES)]
    default: denied = []
    }
    isDenied =
      denied.contains(code) || (info["NSUnderlyingError"] as? any Error).map { Facts($0).isDenied } ?? false
  }

  private static func number(_ value: Any) -> Int? {
    if let number = value as? any BinaryInteger { return Int(exactly: number) }
    return (value as? any RawRepresentable).flatMap { ($0.rawValue as? any BinaryInteger).flatMap { Int(exactly: $0) } }
  }
}
