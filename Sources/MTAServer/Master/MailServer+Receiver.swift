import Logging
import MTACore
import MTALink
import MTAReceiver
import MTASystem
import ServiceLifecycle

extension MailServer {
  /// A receiver: sessions and the program's hooks. It has sockets, a way to the queue process, and nothing else.
  func runReceiver(_ line: MasterLine, _ link: LinkClient) async throws {
    defer { listening.end() }
    line.open()
    line.say(.ready)
    let watches = measure()
    defer { for watch in watches { watch.cancel() } }
    var isServing = false
    await withGracefulShutdownHandler {
      for await message in line.messages {
        switch message.word {
        case .link: if let descriptor = message.descriptor { link.connect(descriptor.copy()) }
        case .serve:
          if isServing { continue }
          do {
            listening.begin(try await startReceiver(Self.socketsOfMaster()))
            isServing = true
            meters?.set(MeterTable.own.listeners, to: 1)
            line.say(.serving)
          } catch {
            // The master sees that it ends, and what it said.
            logger.critical("this receiver cannot listen", metadata: ["reason": "\(error)"])
            return
          }
        case .retire:
          meters?.set(MeterTable.own.listeners, to: 0)
          let receiver = receiver
          Task {
            await receiver?.retire()
            line.stop()
          }
        case .count, .page: break
        case .stop: return
        }
      }
    } onGracefulShutdown: {
      line.stop()
    }
    await receiver?.shutDown(grace: settings.shutdownGrace)
    await rooms.close()
    rooms.logs.drain()
  }

  /// The sockets that listen, which the master opened.
  static func socketsOfMaster() -> [InheritedSocket] {
    (LaunchOrder.own?.descriptors ?? [:]).compactMap { name, descriptor in
      let parts = name.split(separator: ":")
      guard parts.count == 3, parts[0] == "listen", let place = Int(parts[1]),
        var socket = InheritedSocket(descriptor: descriptor, name: "")
      else { return nil }
      (socket.listener, socket.isShared) = (place, true)
      return socket
    }
  }
}
