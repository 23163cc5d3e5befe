import COpenSSL
import NIOCore
import NIOEmbedded
import Testing

@testable import MTATLS

/// Records of data that hold none, which no library of a peer sends on purpose.
struct EmptyRecordTests {
  /// A pair with an established connection, and the client's next records made by hand.
  private func connected(_ version: RecordForge.Version) throws -> (pair: TLSPair, forge: RecordForge) {
    let pair = try TLSPair()
    let client = try pair.client.pipeline.syncOperations.handler(type: TLSHandler.self).engine
    let secrets = RecordForge.Secrets(of: client.ssl, version)
    try pair.connect()
    return (pair, try RecordForge(client.ssl, version, secrets))
  }

  @Test(arguments: RecordForge.Version.allCases)
  func recordsMadeByHandAreOpened(_ version: RecordForge.Version) throws {
    var (pair, forge) = try connected(version)
    defer { pair.finish() }
    for word in ["EHLO ", "", "client", ".example"] {
      _ = try? pair.server.writeInbound(ByteBuffer(bytes: try forge.record(Array(word.utf8))))
    }
    #expect(
      pair.serverSeen.errors.isEmpty && String(decoding: pair.serverSeen.bytes, as: UTF8.self) == "EHLO client.example")
  }

  @Test(arguments: RecordForge.Version.allCases)
  func aRunOfThemEndsTheConnection(_ version: RecordForge.Version) throws {
    var (pair, forge) = try connected(version)
    defer { pair.finish() }
    var flood: [UInt8] = []
    for _ in 0..<5000 { flood += try forge.record([]) }
    flood += try forge.record(Array("seen".utf8))
    _ = try? pair.server.writeInbound(ByteBuffer(bytes: flood))
    #expect(pair.serverSeen.errors.count == 1)
    pair.carry()
    #expect(pair.serverSeen.isClosed && pair.serverSeen.bytes.isEmpty)
  }

  /// An octet among some ends a run, and not the flood.
  @Test(arguments: RecordForge.Version.allCases)
  func thoseBetweenOctetsEndItToo(_ version: RecordForge.Version) throws {
    var (pair, forge) = try connected(version)
    defer { pair.finish() }
    var flood: [UInt8] = []
    for _ in 0..<500 {
      for _ in 0..<10 { flood += try forge.record([]) }
      flood += try forge.record([0x61])
    }
    _ = try? pair.server.writeInbound(ByteBuffer(bytes: flood))
    #expect(pair.serverSeen.errors == [.tooManyControlRecords])
    // 32 are free, and no more are worked on.
    #expect(pair.serverSeen.bytes.count == ControlRecords.allowed / 10)
    pair.carry()
    #expect(pair.serverSeen.isClosed)
  }

  /// Nor does it help to mix kinds: a few of each are a flood.
  @Test func allKindsCountTogether() throws {
    var (pair, forge) = try connected(.tls12)
    defer { pair.finish() }
    for _ in 0..<ControlRecords.allowed {
      _ = try? pair.server.writeInbound(ByteBuffer(bytes: try forge.record([]) + forge.record([0x61])))
    }
    #expect(pair.serverSeen.errors.isEmpty && pair.serverSeen.bytes.count == ControlRecords.allowed)
    // A warning that means nothing: no_renegotiation.
    _ = try? pair.server.writeInbound(ByteBuffer(bytes: try forge.record([1, 100], type: 21)))
    #expect(pair.serverSeen.errors == [.tooManyControlRecords])
  }
}
