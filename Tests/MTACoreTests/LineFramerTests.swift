import MTACore
import NIOCore
import Testing

@Suite struct LineFramerTests {
  private func lines(_ text: String, by count: Int, limit: Int = 20) -> [LineFramer.Line] {
    var framer = LineFramer(limit: limit)
    var buffer = ByteBuffer()
    var found: [LineFramer.Line] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      buffer.writeBytes(rest.prefix(count))
      rest = rest.dropFirst(count)
      while let line = framer.next(&buffer) { found.append(line) }
    }
    return found
  }

  private func line(_ text: String) -> LineFramer.Line { .line(Array(text.utf8)) }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func onlyCRLFEndsALine(count: Int) {
    #expect(lines("a\r\nb\nc\rd\r\r\n\r\n", by: count) == [line("a"), line("b\nc\rd\r"), line("")])
  }

  @Test(arguments: [1, 2, 19, 20, 21, 1000])
  func overLongLinesAreSwallowedAndToldOnce(count: Int) {
    let long = String(repeating: "x", count: 19)
    #expect(lines(long + "\r\nNOOP\r\n", by: count) == [.tooLong, line("NOOP")])
    #expect(lines(long + "\rQUIT\n" + long + "\r\nNOOP\r\n", by: count) == [.tooLong, line("NOOP")])
    #expect(lines(long.dropLast() + "\r\nNOOP\r\n", by: count) == [line(String(long.dropLast())), line("NOOP")])
  }
}
