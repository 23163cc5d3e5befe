import MTACore
import NIOCore
import NIOPosix

/// One question to a filter's server over its own connection, and the answer.
struct FilterExchange<Reader: FilterAnswerReader & Sendable>: Sendable {
  /// Octets that are read.
  let answerLimit: Int
  let reader: Reader
  /// Adds the protocol's own handlers, on the event loop.
  let prepare: @Sendable (any Channel) throws -> Void
  /// Writes the question. It may throw if the server stops reading before the end; the answer may still be there.
  let ask: @Sendable (any Channel) async throws -> Void

  /// - Throws: at `end`, at the latest.
  func run(
    at endpoint: ServerEndpoint, on group: any EventLoopGroup, connectingFor patience: TimeAmount,
    until end: NIODeadline
  ) async throws(FilterTrouble) -> Reader.Answer {
    let address: SocketAddress
    do { address = try endpoint.socketAddress() } catch { throw .connect("no address of a socket") }
    let loop = group.any()
    let answer = loop.makePromise(of: Reader.Answer.self)
    let timer = loop.scheduleTask(deadline: end) { answer.fail(FilterTrouble.timedOut) }
    defer { timer.cancel() }
    let (answerLimit, reader, prepare) = (answerLimit, reader, prepare)
    let connection = ClientBootstrap(group: loop)
      .connectTimeout(patience)
      .channelInitializer { channel in
        // Whatever the answer is, the connection has served its purpose with it.
        answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AnswerByteLimit(answerLimit))
          try prepare(channel)
          try channel.pipeline.syncOperations.addHandler(FilterAnswerHandler(reader, answer))
        }
      }
      .connect(to: address)
    connection.whenFailure { answer.fail(FilterTrouble.connect(Self.reason($0))) }
    do {
      return try await withTaskCancellationHandler {
        do {
          try await ask(try await connection.get())
        } catch let failure as StoreFailure {
          answer.fail(FilterTrouble.content("\(failure)"))
        } catch {
          // The connection failed, or the server has said what it had to say.
        }
        return try await answer.futureResult.get()
      } onCancel: {
        answer.fail(FilterTrouble.cancelled)
      }
    } catch {
      throw (error as? FilterTrouble) ?? .lost
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case ChannelError.connectTimeout: "Connection timed out"
    case let error as IOError: error.systemReason
    default: "\(error)"
    }
  }
}
