import Logging
import MTACore
import MTALink
import MTAReceiver
import MTASystem
import ServiceLifecycle

extension MailServer {
  /// The acceptor: it takes connections, asks the queue process whether their clients are served, and starts a process for each that is.
  func runAcceptor(_ line: MasterLine, _ link: LinkClient) async throws {
    defer { listening.end() }
    guard let order = LaunchOrder.own, let receiver else { return }
    let sessions = SessionProcesses(line, own: order, logger: logger)
    line.open()
    line.say(.ready)
    let watches = measure()
    defer { for watch in watches { watch.cancel() } }
    var isServing = false
    await withGracefulShutdownHandler {
      for await message in line.messages {
        switch message.word {
        case .link:
          if let descriptor = message.descriptor { link.connect(descriptor.copy()) }
          sessions.connect()
        case .serve:
          if isServing { continue }
          do {
            let addresses = try receiver.startDiverting(on: rooms.group, inherited: Self.socketsOfMaster()) {
              sessions.start($0)
            }
            listening.begin(addresses.compactMap { ListenAddress($0) })
            isServing = true
            meters?.set(MeterTable.own.listeners, to: 1)
            line.say(.serving)
          } catch {
            logger.critical("this acceptor cannot listen", metadata: ["reason": "\(error)"])
            return
          }
        case .retire:
          meters?.set(MeterTable.own.listeners, to: 0)
          Task {
            await receiver.stopListening()
            // Connections count from accept on, before there is a process for them.
            repeat { try? await Task.sleep(for: .milliseconds(100)) } while receiver.connectionCount > 0
            await sessions.emptied()
            line.stop()
          }
        case .count, .page: break
        case .stop: return
        }
      }
    } onGracefulShutdown: {
      line.stop()
    }
    await receiver.shutDown(grace: .zero)
    sessions.stop()
    await Self.wait(upTo: settings.shutdownGrace + .seconds(5)) {
      sessions.count == 0 && receiver.connectionCount == 0
    }
    sessions.kill()
    await sessions.emptied()
    await rooms.close()
    rooms.logs.drain()
  }

  /// The session of one connection.
  func runSession(_ seat: SessionSeat, _ line: MasterLine, _ link: LinkClient) async {
    line.open(life: LaunchOrder.own?.descriptors["life"])
    let receiver = receiver
    let session = Task {
      await receiver?.serve(
        seat.descriptor, listener: seat.listener, number: seat.number, isEntered: seat.isEntered, on: rooms.group)
      line.stop()
    }
    await withGracefulShutdownHandler {
      for await message in line.messages {
        if message.word == .link, let descriptor = message.descriptor { link.connect(descriptor.copy()) }
        if message.word == .stop { break }
      }
    } onGracefulShutdown: {
      line.stop()
    }
    await receiver?.shutDown(grace: settings.shutdownGrace)
    await session.value
    await rooms.close()
    rooms.logs.drain()
  }
}
