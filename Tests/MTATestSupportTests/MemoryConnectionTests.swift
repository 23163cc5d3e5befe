import MTATestSupport
import NIOCore
import Testing

struct MemoryConnectionTests {
  @Test func bytesInBytesOut() async throws {
    let connection = try await Dialogue(hooks: WholeWayTests.House()).connect()
    #expect(String(buffer: connection.take()).hasPrefix("220 mx.test.example"))
    #expect(connection.take().readableBytes == 0)
    try await connection.send(ByteBuffer(string: "NOOP\r\nNO"))
    #expect(String(buffer: connection.take()).hasPrefix("250 "))
    try await connection.send(ByteBuffer(string: "OP\r\nQUIT\r\n"))
    let replies = String(buffer: connection.take()).split(separator: "\r\n")
    #expect(replies.map { $0.prefix(4) } == ["250 ", "221 "])
    #expect(connection.isClosed)
    try await connection.hangUp()
  }
}
