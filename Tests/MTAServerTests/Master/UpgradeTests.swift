import Foundation
import MTAReceiver
import MTASystem
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

/// Another program in the place of the running one.
@Suite(.takesTurns, .endsHangs) struct UpgradeTests {
  @Test func theProgramIsReplacedAndSessionsGoOn() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses()
    let before = Set(server.children)
    try #require(before.count == 3)
    let id = server.id
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      server.signal(SIGUSR2)
      try await server.logs("the new program takes over")
      try await server.logs("upgraded")
      try await ServerProcess.send("old session", over: client)
    }
    try await server.send("new session", to: address)
    _ = try await server.mails(of: "coco", count: 2)
    try await eventually("the old processes are gone") { before.isDisjoint(with: server.children) }
    #expect(server.children.count == 3 && server.id == id)
    // It can be done again, and the pid file is the same process's.
    server.signal(SIGUSR2)
    try await eventually("it was done twice") { server.log(has: "upgraded", times: 2) }
    let (status, output) = try await server.ask(["stop", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 0 && output.contains(" \(id ?? 0) "))
    #expect(try await server.end() == 0)
    #expect(!server.exists("mta.pid"))
  }

  @Test(arguments: [
    ("#!/bin/sh\nexit 0\n", "it is no server of this kind"),
    ("#!/bin/sh\necho broken >&2\nexit 3\n", "exit code 3"),
    ("#!/bin/sh\nkill -ABRT $$\n", "signal 6"),
    ("\u{7f}ELF\u{2}\u{1}\u{1}", "start of"),
  ]) func aProgramThatCannotTakeOverChangesNothing(_ program: String, _ reason: String) async throws {
    let server = try ServerProcess()
    let place = server.folder.appending(path: "server")
    try FileManager.default.createSymbolicLink(at: place, withDestinationURL: ServerProcess.binary)
    server.program = place.path()
    let address = try await server.serveInProcesses()
    let before = Set(server.children)
    try FileManager.default.removeItem(at: place)
    try server.write(program, to: "server")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place.path())
    server.signal(SIGUSR2)
    try await server.logs("the new program cannot take over, everything stays as it was")
    try await server.logs(reason)
    #expect(Set(server.children) == before)
    try await server.send("still here", to: address)
    // The running program is still there to be started for one that ended.
    kill(try #require(before.first), SIGKILL)
    try await eventually("another process is in its place") {
      server.children.count == 3 && Set(server.children) != before
    }
    try await server.send("and still", to: address)
    _ = try await server.mails(of: "coco", count: 2)
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test(arguments: [
    (#", "listeningPorts": ["127.0.0.1:0", "192.0.2.77:2663"]"#, "the address is none of this machine's"),
    (#", "pidFile": "other.pid""#, "pidFile: has changed, which needs a restart"),
    (#", "lockFile": "other.lock""#, "lockFile: has changed, which needs a restart"),
    (#", "mailQueue": "other""#, "mailQueue: has changed, which needs a restart"),
  ]) func settingsByWhichItCouldNotServeChangeNothing(_ more: String, _ reason: String) async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses()
    let before = Set(server.children)
    let ports = more.contains("listeningPorts")
    try server.configureProcesses(more: more, listens: !ports)
    server.signal(SIGUSR2)
    try await server.logs("the new program cannot take over, everything stays as it was")
    try await server.logs(reason)
    #expect(Set(server.children) == before)
    try await server.send("still here", to: address)
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func anEndThatIsAskedForAtTheSameTimeIsNotLost() async throws {
    let server = try ServerProcess()
    _ = try await server.serveInProcesses()
    for signal in [SIGUSR2, SIGHUP, SIGTERM] { server.signal(signal) }
    #expect(try await server.end() == 0)
    #expect(!server.exists("mta.pid"))
  }

  @Test func whatIsHandedOverIsReadAsItWasWritten() throws {
    var handover = Handover(generation: 7)
    handover.sockets = [(try #require(ListenAddress("127.0.0.1:25")), 9), (try #require(ListenAddress("465")), 10)]
    handover.processes = [
      .init(role: .queue, id: 70, generation: 7, place: 0, isServing: true, control: 11, log: 12, errors: 13),
      .init(role: .receiver, id: 71, generation: 6, place: 3, isServing: false, control: 14, log: 15, errors: 16),
    ]
    (handover.queueLock, handover.serverLock) = (17, 18)
    handover.life = try #require(ChildPipe())
    let (text, descriptors) = handover.encoded
    let read = try #require(Handover(text, descriptors))
    #expect(read.encoded.text == text && read.encoded.descriptors == descriptors)
    #expect(Handover(text, [:]) == nil)
  }
}
