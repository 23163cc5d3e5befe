import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import SuiteTurns
import Testing

@testable import MTAServer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Peers of the control socket, friendly and not.
@Suite(.takesTurns, .endsHangs) struct ControlServiceTests {
  private static let trace = "control=1 verb=trace\n"

  @Test func theSocketIsForOwnerAndGroupAlone() throws {
    let stage = try ControlStage()
    var status = stat()
    #expect(lstat(stage.socket.path, &status) == 0)
    #expect(status.st_mode & 0o7777 == 0o660 && status.st_gid == getegid())
  }

  @Test func oneWhoFollowsGetsWhatIsSaidUntilItLeaves() async throws {
    let stage = try ControlStage()
    #expect(!stage.desk.isFollowed.isOn)
    stage.tell("before")
    do {
      let peer = try stage.connect()
      ControlStage.say(Self.trace, on: peer)
      #expect(await ControlStage.hear(peer) { $0.contains("ok=1\n") } == "ok=1\n")
      #expect(stage.desk.isFollowed.isOn)
      stage.tell("EHLO x", lost: 4)
      let heard = await ControlStage.hear(peer) { $0.contains("EHLO") }
      #expect(heard == "lost=4\nat=5 session=s-1 way=in side=C peer=127.0.0.1 text=\"EHLO x\"\n")
    }
    try await eventually("nobody follows") { !stage.desk.isFollowed.isOn && stage.service.peerCount == 0 }
    await stage.service.end(.stopping)
  }

  @Test func statusIsOneLine() async throws {
    let stage = try ControlStage()
    let peer = try stage.connect()
    ControlStage.say("control=1 verb=status\n", on: peer)
    let heard = await ControlStage.hear(peer)
    #expect(ControlStatus(Array(heard.utf8).dropLast())?.copies == 3)
    await stage.service.end(.stopping)
  }

  @Test func strangersAndMembersGetNoMoreThanTheirRight() async throws {
    let stranger = try ControlStage(owners: [], group: .max - 1)
    let peer = try stranger.connect()
    #expect(await ControlStage.hear(peer).hasPrefix("error=denied"))
    await stranger.service.end(.stopping)
    let members = try ControlStage(owners: [])
    let member = try members.connect()
    ControlStage.say(Self.trace, on: member)
    #expect(await ControlStage.hear(member) { $0.contains("\n") } == "ok=1\n")
    await members.service.end(.stopping)
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\n", "\n", "control=1 verb=trace\ncontrol=1 verb=trace\n", String(repeating: "x", count: 100_000),
    "control=9 verb=trace\n", "\u{0}\u{1}\n",
  ])
  func garbageIsRefusedAndHungUpOn(_ text: String) async throws {
    let stage = try ControlStage()
    let peer = try stage.connect()
    ControlStage.say(text, on: peer)
    #expect(await ControlStage.hear(peer).hasPrefix("error="))
    try await eventually("it is gone") { stage.service.peerCount == 0 }
    #expect(stage.desk.count == 0)
    await stage.service.end(.stopping)
  }

  @Test func whoSaysNothingIsHungUpOn() async throws {
    var limits = ControlService.Limits()
    limits.patience = .milliseconds(50)
    let stage = try ControlStage(limits: limits)
    let peer = try stage.connect()
    #expect(await ControlStage.hear(peer).hasPrefix("error=late"))
    await stage.service.end(.stopping)
  }

  @Test func oneWhoNeverReadsLosesLinesAndThenItsPlace() async throws {
    var limits = ControlService.Limits()
    limits.stall = .milliseconds(200)
    let stage = try ControlStage(limits: limits)
    let lazy = try stage.connect()
    ControlStage.say(Self.trace, on: lazy)
    try await eventually("it follows") { stage.desk.count == 1 }
    let text = String(repeating: "x", count: 900)
    // Far more than all that may wait. Nobody waits for the reader.
    for _ in 0..<5000 { stage.tell(text) }
    try await eventually("it is gone") { stage.desk.count == 0 && stage.service.peerCount == 0 }
    await stage.service.end(.stopping)
  }

  @Test func aSlowReaderIsToldHowManyItLost() async throws {
    let stage = try ControlStage()
    let slow = try stage.connect()
    ControlStage.say(Self.trace, on: slow)
    try await eventually("it follows") { stage.desk.count == 1 }
    let text = String(repeating: "x", count: 900)
    let told = 5000
    for _ in 0..<told { stage.tell(text) }
    // It reads on. A line that comes when there is room has the number before it.
    let heard = NIOLockedValueBox<String?>(nil)
    let reading = Task {
      let text = await ControlStage.hear(slow) { $0.hasSuffix("text=last\n") }
      heard.withLockedValue { $0 = text }
    }
    try await eventually("the last line gets through") {
      stage.tell("last")
      return heard.withLockedValue { $0 != nil }
    }
    await reading.value
    var (lines, lost): (Int, UInt64) = (0, 0)
    for line in (heard.withLockedValue { $0 } ?? "").utf8.split(separator: 10) {
      switch TraceMessage(Array(line)[...]) {
      case .line(let line)?: if line.line.text == text { lines += 1 }
      case .lost(let count)?: lost += count
      default: break
      }
    }
    #expect(lost > 0 && lines < told)
    #expect(UInt64(lines) + lost >= UInt64(told))
    await stage.service.end(.stopping)
  }

  @Test func aThousandPeersKeepNeitherOwnersNorTheServerFromTheirWork() async throws {
    var limits = ControlService.Limits()
    (limits.peers, limits.morePeersForOwners) = (8, 2)
    // Members of the group, who would stay.
    let stage = try ControlStage(owners: [], limits: limits)
    var peers: [OwnedDescriptor] = []
    for _ in 0..<1000 { peers.append(try stage.connect()) }
    try await eventually("all are accepted") { stage.service.peerCount == 8 }
    let last = try stage.connect()
    #expect(await ControlStage.hear(last).hasPrefix("error=busy"))
    peers = []
    try await eventually("they are gone") { stage.service.peerCount == 0 }
    let next = try stage.connect()
    ControlStage.say(Self.trace, on: next)
    #expect(await ControlStage.hear(next) { $0.contains("\n") } == "ok=1\n")
    await stage.service.end(.replaced)
    #expect(await ControlStage.hear(next) == "end=replaced\n")
  }

  /// Whoever owns the folder may exchange the name before it has its mode.
  @Test func whatStandsInTheSocketsPlaceKeepsItsMode() throws {
    let folder = TemporaryFolder()
    let other = try NamedSocket(folder.path + "/other", .submission)
    let path = folder.path + "/control"
    func mode() -> mode_t {
      var status = stat()
      return stat(other.path, &status) == 0 ? status.st_mode & 0o777 : 0
    }
    #expect(symlink(other.path, path) == 0)
    #expect(!NamedSocket.grant(path, to: .control(nil)) && mode() == 0o666)
    #expect(unlink(path) == 0 && link(other.path, path) == 0)
    #expect(!NamedSocket.grant(path, to: .control(nil)) && mode() == 0o666)
    #expect(unlink(path) == 0 && NamedSocket.grant(other.path, to: .control(nil)) && mode() == 0o660)
  }

  @Test func aSocketThatACrashLeftIsReplaced() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/control"
    // Its name stays, as after a crash.
    _ = try NamedSocket(path, .control(nil))
    let next = try NamedSocket(path, .control(nil))
    next.remove()
    #expect(access(path, F_OK) != 0)
    #expect(throws: StartFailure.self) {
      try NamedSocket(String(repeating: "x", count: 200), .control(nil))
    }
  }
}
