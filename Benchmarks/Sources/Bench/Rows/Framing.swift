import MTACore
import NIOCore

extension Bench {
  /// Bytes into lines and content.
  static func framing(_ harness: inout Harness) async throws {
    let commands = ByteBuffer(
      string: String(repeating: "RCPT TO:<somebody.with.a.name@somewhere.example>\r\n", count: 100))
    await harness.measure("LineFramer: a line of 50 bytes, in bursts of 100", .nanoseconds) { turns in
      var framer = LineFramer(limit: 1000)
      for _ in 0..<turns / 100 + 1 {
        var buffer = commands
        while let line = framer.next(&buffer) { keep(line) }
      }
    }
    for (name, bytes) in [("text", Samples.prose(1 << 20)), ("base64", Samples.base64(1 << 20))] {
      let pieces = bytes.pieces(of: 65_536)
      await harness.measure("ContentFramer: \(name), reads of 64 KiB", .megabytes(bytes.count)) { turns in
        for _ in 0..<turns {
          var framer = ContentFramer()
          for piece in pieces {
            var buffer = piece
            while let piece = framer.next(&buffer) { keep(piece) }
          }
        }
      }
    }
    let dots = Array(
      String(
        repeating: "..a line of seventy-six columns, as the others are, begins with a dot here.\r\n", count: 14_000
      )
      .utf8)
    let pieces = dots.pieces(of: 65_536)
    await harness.measure("ContentFramer: every line with a doubled dot", .megabytes(dots.count)) { turns in
      for _ in 0..<turns {
        var framer = ContentFramer()
        for piece in pieces {
          var buffer = piece
          while let piece = framer.next(&buffer) { keep(piece) }
        }
      }
    }
    let content = Samples.prose(1 << 20)
    let outgoing = content.pieces(of: 65_536)
    await harness.measure("DotStuffer: text, pieces of 64 KiB", .megabytes(content.count)) { turns in
      for _ in 0..<turns {
        var stuffer = DotStuffer()
        var out = ByteBuffer()
        for piece in outgoing {
          out.clear()
          stuffer.write(piece, into: &out)
          keep(out)
        }
      }
    }
  }
}
