import Logging
import MTACore
import MTAReceiver
import MTASystem
import NIOConcurrencyHelpers
import ServiceLifecycle

extension Meters {
  /// Where this process counts; nil if nobody asks: neither `httpListen` nor a backend of the program.
  static func own(_ settings: Settings, _ house: House) -> Meters? {
    let page: MeterPage?
    switch house {
    case .applicant: return nil
    case .whole: page = settings.httpListen == nil ? nil : MeterPage()
    case .master: page = settings.httpListen == nil ? nil : inherited ?? MeterPage.shared()
    case .queue, .receiver, .acceptor, .web:
      page = LaunchOrder.own?.descriptors["metrics"].flatMap { MeterPage.given(OwnedDescriptor($0)) }
    }
    let mirror = MetricsMirror.own
    if let page { return Meters(page, mirror: mirror) }
    return mirror.map { Meters(MeterPage(), mirror: $0) }
  }

  /// What the program before this one counted, if its table is the same.
  private static var inherited: MeterPage? { Handover.own?.page.flatMap { MeterPage.given(OwnedDescriptor($0)) } }
}

extension MailServer {
  /// Begins to measure this process, and, where it has the queue and no master, its health.
  func measure() -> [Task<Void, Never>] {
    guard let meters else { return [] }
    var connections: (@Sendable () -> Int)?
    if let receiver { connections = { receiver.connectionCount } }
    let watch = ProcessWatch(meters: meters, group: rooms.group, connections: connections)
    var tasks = [Task { await watch.run() }]
    if case .whole = house {
      meters.set(MeterTable.own.listeners, to: 1)
      if let health = watchHealth() { tasks.append(health) }
    }
    return tasks
  }

  func watchHealth() -> Task<Void, Never>? {
    guard let meters else { return nil }
    let watch = HealthWatch(
      meters: meters, store: rooms.store, lookup: rooms.lookup,
      folders: rooms.parts.store == nil ? settings.storeFolders : ["."],
      leastFreeBytes: max(HealthWatch.leastFreeBytes, settings.minimumFreeBytes))
    return Task { await watch.run() }
  }

  /// Answers at `httpListen` in a server of one process. Nil if it is not asked for.
  func startWeb() async throws(StartFailure) -> WebServer? {
    guard let place = settings.httpListen, let meters else { return nil }
    let web = WebServer(version: MailServer.version, meters: meters) { [page = meters.page] in [page] }
    do { tellAnswering(try await web.start(at: place)) } catch {
      await web.stop()
      throw StartFailure("httpListen: cannot listen on \(place): \(error)", .system)
    }
    self.web.withLockedValue { $0 = web }
    return web
  }

  /// What has it answer where a reload says; nil: it stays as it is. Nothing is counted in a server that was started without `httpListen`,
  /// so there it waits for the next start.
  ///
  /// - Throws: when the new place cannot be had. The old one stays.
  func webTurn(to place: ListenAddress?) async throws(StartFailure) -> (() async -> Void)? {
    guard let web = web.withLockedValue({ $0 }) else {
      if place != nil { tellWebWaits() }
      return nil
    }
    guard place != web.place else { return nil }
    guard let place else { return { await web.turn(to: nil) } }
    do {
      let opened = try await web.open(place)
      return { [self] in
        tellAnswering(opened.address)
        await web.turn(to: opened)
      }
    } catch { throw StartFailure("httpListen: cannot listen on \(place): \(error)", .system) }
  }

  /// The socket of the next generation: that of the last one, or a new one. Nil: no process answers.
  func nextWebSocket(_ place: ListenAddress?, after last: Generation) throws(StartFailure) -> WebSocketPlace? {
    // The master was started without pages, and its children have none.
    guard let place, meters?.page.descriptor != nil else { return nil }
    if let http = last.http, http.place == place { return http }
    return WebSocketPlace(try BoundSocket(place))
  }

  func tellWebWaits() { logger.notice("reload: httpListen has changed, which takes effect at the next start") }

  /// The socket for `httpListen` in a master: that of the program before this one, or a new one.
  func webSocket(_ heritage: Handover?) throws(StartFailure) -> BoundSocket? {
    let old = heritage?.http.flatMap { BoundSocket($0.place, listening: $0.descriptor) }
    guard let place = settings.httpListen else { return nil }
    if let old, old.place == place { return old }
    do throws(StartFailure) {
      let socket = try BoundSocket(place)
      tellAnswering(socket.address)
      return socket
    } catch {
      // Nothing may end those that serve.
      if heritage == nil { throw error }
      logger.error("upgrade: nothing answers at httpListen", metadata: ["reason": "\(error)"])
      return nil
    }
  }

  func tellAnswering(_ place: ListenAddress) {
    logger.info("answering HTTP on \(place.address.map { "\($0)" } ?? "?") port \(place.port)")
  }

  /// The process that answers at `httpListen`. It has the socket, the pages of the others for reading, and nothing else.
  func runWeb(_ line: MasterLine) async throws {
    let shelf = PageShelf()
    let web = WebServer(version: MailServer.version, meters: meters) { shelf.pages }
    let watches = measure()
    defer { for watch in watches { watch.cancel() } }
    line.open()
    line.say(.ready)
    var isServing = false
    await withGracefulShutdownHandler {
      for await message in line.messages {
        switch message.word {
        case .page: if let page = message.descriptor.flatMap({ MeterPage.readOnly($0) }) { shelf.add(page) }
        case .serve:
          guard !isServing, let socket = LaunchOrder.own?.descriptors["http"] else { continue }
          do {
            try await web.start(on: socket)
            isServing = true
            line.say(.serving)
          } catch {
            logger.critical("nothing answers at httpListen", metadata: ["reason": "\(error)"])
            return
          }
        case .link, .count: break
        case .retire, .stop: return
        }
      }
    } onGracefulShutdown: {
      line.stop()
    }
    await web.stop()
    await rooms.close()
    rooms.logs.drain()
  }
}

/// The pages of the processes that live, the master's first.
private final class PageShelf: Sendable {
  private let all = NIOLockedValueBox<[MeterPage]>([])

  func add(_ page: MeterPage) { all.withLockedValue { $0.append(page) } }

  /// What ended is in the master's page, and is let go.
  var pages: [MeterPage] {
    all.withLockedValue { pages in
      pages.removeAll(where: \.hasEnded)
      return pages
    }
  }
}
