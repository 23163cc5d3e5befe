import NIOCore

/// Reads the answer to one question, part by part. It is a value without a socket, so tests can try every way in which bytes arrive.
protocol FilterAnswerReader {
  associatedtype Part
  associatedtype Answer: Sendable
  /// - Returns: the answer once it is complete. It is not called again after that, nor after an error.
  mutating func receive(_ part: Part) throws(FilterTrouble) -> Answer?
}

/// Gives an answer's parts to its reader.
final class FilterAnswerHandler<Reader: FilterAnswerReader>: ChannelInboundHandler {
  typealias InboundIn = Reader.Part

  private var reader: Reader
  private let answer: EventLoopPromise<Reader.Answer>
  private var isOver = false

  init(_ reader: Reader, _ answer: EventLoopPromise<Reader.Answer>) {
    self.reader = reader
    self.answer = answer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isOver else { return }
    do throws(FilterTrouble) {
      guard let complete = try reader.receive(unwrapInboundIn(data)) else { return }
      isOver = true
      answer.succeed(complete)
    } catch { fail(error) }
  }

  func channelInactive(context: ChannelHandlerContext) { fail(.lost) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case let trouble as FilterTrouble: fail(trouble)
    // The system's word about the connection: also a server that hung up while the mail was on its way. Its answer may
    // have come before, and been read.
    case is IOError, is ChannelError: fail(.lost)
    // A protocol's decoder.
    default: fail(.malformed("\(error)"))
    }
  }

  private func fail(_ trouble: FilterTrouble) {
    guard !isOver else { return }
    isOver = true
    answer.fail(trouble)
  }
}

/// Closes a connection that brings more than an answer may have.
final class AnswerByteLimit: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private var left: Int

  init(_ limit: Int) { left = limit }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data).readableBytes
    guard bytes <= left else {
      left = 0
      return context.fireErrorCaught(FilterTrouble.tooLong)
    }
    left -= bytes
    context.fireChannelRead(data)
  }
}
