import MTACore
import NIOCore

/// A command line of a client.
func fuzzCommand(_ input: [UInt8]) {
  let parser = CommandParser(capabilities: .all)
  if let command = try? parser.parse(input, inUTF8Transaction: true) { _ = "\(command)" }
  _ = try? CommandParser(acceptsQuotedLocalParts: false).parse(input)
}

/// Replies of a server: whole and in pieces, they are the same.
func fuzzReply(_ input: [UInt8]) {
  let whole = replies([input[...]])
  let parted = replies(pieces(of: input))
  precondition(whole == parted, "\(whole) is not \(parted)")
}

private func replies(_ pieces: [ArraySlice<UInt8>]) -> ([RemoteReply], ReplyFault?) {
  var parser = ReplyParser()
  var found: [RemoteReply] = []
  for piece in pieces {
    var buffer = ByteBuffer(bytes: piece)
    do throws(ReplyFault) {
      while let reply = try parser.next(&buffer) { found.append(reply) }
    } catch {
      return (found, error)
    }
  }
  for reply in found { _ = reply.description }
  return (found, nil)
}
