import MTACore
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A listener could not be bound.
public struct ListenFailure: Error, CustomStringConvertible {
  public var listener: ListenAddress
  public var reason: String

  public var description: String {
    "cannot listen on \(listener.address?.description ?? "all addresses"), port \(listener.port): \(reason)"
  }

  init(_ listener: ListenAddress, _ error: any Error) {
    let reason =
      switch (error as? IOError)?.errnoCode {
      case EADDRINUSE: "another program listens there"
      case EACCES: "this user may not listen on that port"
      case EADDRNOTAVAIL: "the address is none of this machine's"
      default: "\(error)"
      }
    self.init(listener: listener, reason: reason)
  }

  init(listener: ListenAddress, reason: String) {
    self.listener = listener
    self.reason = reason
  }
}
