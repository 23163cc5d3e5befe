import Logging
import MTACore
import NIOCore

/// The common part of filters that ask a server: which server is asked, when, for how long, and what an answer or its absence means.
struct FilterDesk: Sendable {
  let server: FilterServer
  let options: ContentFilterOptions
  let dns: any DNSLookup
  let group: any EventLoopGroup
  let logger: Logger
  private let slots: CheckSlots

  init(
    _ server: FilterServer, _ options: ContentFilterOptions, dns: any DNSLookup, group: any EventLoopGroup,
    logger: Logger
  ) {
    self.server = server
    self.options = options
    self.dns = dns
    self.group = group
    self.logger = logger
    slots = CheckSlots(options.maximumChecks)
  }

  func judge<Reader>(_ mail: FilteredMail, by exchange: FilterExchange<Reader>) async -> FilterVerdict
  where Reader.Answer == FilterOpinion {
    guard mail.size <= options.maximumBytes else {
      return .pass(adding: FilterOpinion.unchecked("larger than \(options.maximumBytes) octets"))
    }
    do throws(FilterTrouble) {
      return try await opinion(by: exchange).verdict(options)
    } catch {
      // A check that our own end cut short must not let the mail through.
      let trouble = Task.isCancelled ? FilterTrouble.cancelled : error
      if trouble != .cancelled {
        logger.warning(
          "content filter",
          metadata: [
            "id": "\(mail.envelope.id)", "server": "\(server)", "trouble": "\(trouble)",
            "fails": "\(options.failing.rawValue)",
          ])
      }
      if trouble.isOurs || options.failing == .closed { return .defer(trouble.summary) }
      return .pass(adding: FilterOpinion.unchecked(trouble.summary))
    }
  }

  private func opinion<Reader>(by exchange: FilterExchange<Reader>) async throws(FilterTrouble) -> FilterOpinion
  where Reader.Answer == FilterOpinion {
    let loop = group.any()
    guard await slots.take(within: options.waitLimit, on: loop) else { throw .busy }
    defer { slots.release() }
    let end = NIODeadline.now() + TimeAmount(options.timeLimit)
    let endpoints = try await self.endpoints(until: end)
    var trouble = FilterTrouble.noAddress
    for (index, endpoint) in endpoints.enumerated() {
      // An address that does not answer leaves time for those after it.
      let patience = (end - .now()).nanoseconds / Int64(endpoints.count - index)
      do throws(FilterTrouble) {
        return try await exchange.run(
          at: endpoint, on: group, connectingFor: .nanoseconds(max(patience, 1)), until: end)
      } catch { trouble = error }
      // Who was reached is not asked twice.
      guard case .connect = trouble, !Task.isCancelled else { break }
    }
    throw trouble
  }

  /// The server's addresses, looked up within the check's time.
  private func endpoints(until end: NIODeadline) async throws(FilterTrouble) -> [ServerEndpoint] {
    if case .server(let named) = server, case .name = named.host {
      let left = Duration(end - .now())
      let answer = await withTaskGroup(of: Result<[ServerEndpoint], FilterTrouble>.self) { [server, dns] group in
        group.addTask {
          do throws(FilterTrouble) { return .success(try await server.endpoints(dns)) } catch { return .failure(error) }
        }
        group.addTask {
          try? await Task.sleep(for: left)
          return .failure(.timedOut)
        }
        defer { group.cancelAll() }
        return await group.next() ?? .failure(.timedOut)
      }
      return try answer.get()
    }
    return try await server.endpoints(dns)
  }
}
