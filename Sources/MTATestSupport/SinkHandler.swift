import MTACore
import MTATLS
import NIOConcurrencyHelpers
import NIOCore

/// One connection of a ``SinkServer``.
final class SinkHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let sink: SinkServer
  private let number: Int
  private var lines = LineFramer(limit: 4096)
  private var content: ContentFramer?
  private var arrived = ByteBuffer()
  private var text = ByteBuffer()
  private var from = ""
  private var recipients: [String] = []
  private var isGarbage = false
  private var isDeaf = false
  /// Octets of the chunk that is being read (RFC 3030); nil between chunks.
  private var chunk: (line: String, left: Int, isLast: Bool)?
  private var repeated = ByteBuffer()

  init(_ sink: SinkServer) {
    self.sink = sink
    number = sink.log.withLockedValue { log in
      log.connections += 1
      return log.connections
    }
  }

  func channelActive(context: ChannelHandlerContext) {
    let client = context.remoteAddress?.ipAddress
    sink.log.withLockedValue { $0.clients.append(client ?? "") }
    perform(sink.behaviour.greeting, context)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) { flood(context) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isDeaf { return }
    if isGarbage { return say("this is no TLS at all, whatever you say", context) }
    var bytes = unwrapInboundIn(data)
    arrived.writeBuffer(&bytes)
    while !isDeaf {
      if let chunk {
        guard take(chunk, context) else { return }
      } else if content != nil {
        guard let piece = content?.next(&arrived) else { return }
        take(piece, context)
      } else {
        switch lines.next(&arrived) {
        case .line(let line): answer(String(decoding: line, as: UTF8.self), context)
        case .tooLong: say("500 5.5.2 line too long", context)
        case nil: return
        }
      }
    }
  }

  private func take(_ piece: ContentFramer.Piece, _ context: ChannelHandlerContext) {
    switch piece {
    case .bytes(let bytes):
      text.writeImmutableBuffer(bytes)
      if let answer = sink.behaviour.duringContent() { perform(answer, context) }
    case .end:
      content = nil
      endMail(context)
    }
  }

  private func endMail(_ context: ChannelHandlerContext) {
    let mail = SinkServer.Mail(
      from: from, to: recipients, content: String(buffer: text), octets: Array(text.readableBytesView),
      connection: number)
    sink.log.withLockedValue { $0.mails.append(mail) }
    text = ByteBuffer()
    for recipient in sink.behaviour.isLMTP ? recipients : [recipients.first ?? ""] {
      perform(sink.behaviour.endOfContent(recipient), context)
    }
    recipients = []
  }

  /// Reads on in a chunk; false when more has to come first.
  private func take(_ chunk: (line: String, left: Int, isLast: Bool), _ context: ChannelHandlerContext) -> Bool {
    let count = min(chunk.left, arrived.readableBytes)
    if let piece = arrived.readSlice(length: count) { text.writeImmutableBuffer(piece) }
    self.chunk?.left -= count
    guard count == chunk.left else { return false }
    self.chunk = nil
    if let scripted = sink.behaviour.answer(chunk.line, number) {
      text = ByteBuffer()
      perform(scripted, context)
    } else if chunk.isLast {
      endMail(context)
    } else {
      say("250 2.0.0 octets", context)
    }
    return true
  }

  private func answer(_ line: String, _ context: ChannelHandlerContext) {
    sink.log.withLockedValue { $0.lines.append(line) }
    let verb = line.prefix(4)
    if verb == "BDAT" {
      let words = line.split(separator: " ")
      chunk = (line, words.count > 1 ? Int(words[1]) ?? 0 : 0, line.hasSuffix(" LAST"))
      return
    }
    if let scripted = sink.behaviour.answer(line, number) {
      if verb == "RCPT", scripted.isAcceptance { recipients.append(path(line)) }
      perform(scripted, context)
      if verb == "STAR", scripted.isAcceptance { startTLS(context) }
      return
    }
    switch verb {
    case "EHLO", "LHLO":
      let isSecure = (try? context.pipeline.syncOperations.handler(type: TLSHandler.self)) != nil
      var words = sink.behaviour.capabilities
      if !isSecure, sink.behaviour.tls != nil || sink.behaviour.breaksTLS { words.append("STARTTLS") }
      let all = ["sink.example"] + words
      say(all.enumerated().map { "250" + ($0 == all.count - 1 ? " " : "-") + $1 }.joined(separator: "\r\n"), context)
    case "STAR":
      say("220 go", context)
      startTLS(context)
    case "MAIL":
      from = path(line)
      recipients = []
      say("250 2.1.0 ok", context)
    case "RCPT":
      recipients.append(path(line))
      say("250 2.1.5 ok", context)
    // RFC 5321 §3.3
    case "DATA" where recipients.isEmpty: say("554 5.5.1 no valid recipients", context)
    case "DATA":
      content = ContentFramer()
      say("354 go", context)
    case "QUIT":
      say("221 bye", context)
      context.close(promise: nil)
    default: say("250 ok", context)
    }
  }

  private func startTLS(_ context: ChannelHandlerContext) {
    if sink.behaviour.breaksTLS {
      isGarbage = true
    } else if let tls = sink.behaviour.tls, let handler = try? TLSHandler(tls) {
      try? context.pipeline.syncOperations.addHandler(handler, position: .first)
    }
  }

  private func path(_ line: String) -> String {
    String(line[(line.firstIndex(of: "<") ?? line.startIndex)...].prefix { $0 != " " })
  }

  private func perform(_ answer: SinkServer.Answer, _ context: ChannelHandlerContext) {
    switch answer {
    case .reply(let text): say(text, context)
    case .silence: isDeaf = true
    case .drop: context.close(promise: nil)
    case .raw(let text): context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
    case .drip(let text, let pause): drip(ByteBuffer(string: text), pause, context)
    case .flood(let text):
      repeated = ByteBuffer(string: String(repeating: text, count: 8192 / max(1, text.utf8.count) + 1))
      flood(context)
    case .deaf(let text):
      say(text, context)
      isDeaf = true
    case .stall(let text):
      say(text, context)
      context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
    }
  }

  private func drip(_ text: ByteBuffer, _ pause: Duration, _ context: ChannelHandlerContext) {
    guard context.channel.isActive, text.readableBytes > 0 else { return }
    var text = text
    if let octet = text.readSlice(length: 1) {
      context.writeAndFlush(NIOAny(octet), promise: nil)
      text.writeImmutableBuffer(octet)
    }
    let rest = text
    context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) { self.drip(rest, pause, context) }
  }

  private func flood(_ context: ChannelHandlerContext) {
    guard repeated.readableBytes > 0 else { return }
    while context.channel.isActive, context.channel.isWritable {
      context.writeAndFlush(NIOAny(repeated), promise: nil)
    }
  }

  private func say(_ text: String, _ context: ChannelHandlerContext) {
    context.writeAndFlush(NIOAny(ByteBuffer(string: text + "\r\n")), promise: nil)
  }
}
