import Logging
import MTACore
import MTASystem
import MTATestSupport
import NIOPosix

@testable import MTAServer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A control socket of its own, and peers that say what a test wants.
final class ControlStage: Sendable {
  let folder = TemporaryFolder()
  let desk = TraceDesk()
  let service: ControlService
  let socket: NamedSocket

  init(
    owners: Set<UInt32> = [0, geteuid()], group: UInt32 = getegid(),
    limits: ControlService.Limits = ControlService.Limits()
  ) throws {
    socket = try NamedSocket(folder.path + "/control", .control(nil))
    service = ControlService(
      ControlRights(group: group, owners: owners), desk: desk, limits: limits,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, on: MultiThreadedEventLoopGroup.singleton
    ) {
      ControlStatus(
        version: "0", process: 1, isolation: "inProcess", since: Timestamp(milliseconds: 0), sessions: 2, copies: 3,
        tracers: 0)
    }
    try service.listen(on: socket.descriptor.copy())
  }

  /// A peer that has connected.
  func connect() throws -> OwnedDescriptor { try NamedSocket.connect(to: socket.path).get() }

  static func say(_ text: String, on peer: OwnedDescriptor) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { quietSend(peer.number, $0.baseAddress, $0.count) }
  }

  /// What is said until `ends`, or until the server hangs up. It waits on a thread of its own.
  static func hear(_ peer: OwnedDescriptor, until ends: @escaping @Sendable (String) -> Bool = { _ in false }) async
    -> String
  {
    await onThread {
      var heard: [UInt8] = []
      while !ends(String(decoding: heard, as: UTF8.self)) {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = piece.withUnsafeMutableBytes { recv(peer.number, $0.baseAddress, $0.count, 0) }
        if count <= 0 { break }
        heard += piece.prefix(count)
      }
      return String(decoding: heard, as: UTF8.self)
    }
  }

  func tell(_ text: String, lost: UInt64 = 0) {
    desk.tell(
      TracedLine(
        at: Timestamp(milliseconds: 5),
        DialogueLine(.inbound, .client, peer: "127.0.0.1", address: .loopback4, session: SessionID("s-1"), text)),
      lost: lost)
  }
}
