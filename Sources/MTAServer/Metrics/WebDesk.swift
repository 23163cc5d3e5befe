import MTASystem
import NIOCore
import NIOHTTP1

/// The answers of ``WebServer``.
struct WebDesk: Sendable {
  struct Page: Equatable {
    var status: HTTPResponseStatus
    var type = "text/plain; charset=utf-8"
    var body: ByteBuffer
  }

  let version: String
  let meters: Meters?
  let pages: @Sendable () -> [MeterPage]

  func answer(_ method: HTTPMethod, _ target: String) -> Page {
    guard method == .GET || method == .HEAD else {
      return Page(status: .methodNotAllowed, body: ByteBuffer(string: "only GET and HEAD\n"))
    }
    switch target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first {
    case "/metrics":
      count(0)
      return Page(
        status: .ok, type: "text/plain; version=0.0.4; charset=utf-8", body: MeterSum(pages()).text(version: version))
    case "/health/live":
      count(1)
      return Page(status: .ok, body: ByteBuffer(string: "ok\n"))
    case "/health/ready":
      count(2)
      let readiness = Readiness(pages())
      return Page(status: readiness.isReady ? .ok : .serviceUnavailable, body: ByteBuffer(string: readiness.text))
    default:
      count(3)
      return Page(status: .notFound, body: ByteBuffer(string: "not found\n"))
    }
  }

  private func count(_ page: Int) { meters?.add(MeterTable.own.pageRequests, page) }
}
