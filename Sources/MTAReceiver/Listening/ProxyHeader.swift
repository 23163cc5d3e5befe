import MTACore
import NIOCore

/// A proxy's header about the connection that it passes on: the PROXY protocol of HAProxy, versions 1 and 2.
struct ProxyHeader: Hashable, Sendable {
  /// The client's address and port; nil if the proxy speaks for itself (LOCAL, UNKNOWN), as in health checks.
  var client: (address: IPAddress, port: UInt16)? {
    get { address.map { ($0, port) } }
    set { (address, port) = (newValue?.address, newValue?.port ?? 0) }
  }
  private var address: IPAddress?
  private var port: UInt16 = 0
  /// The address that the client connected to.
  private(set) var destination: IPAddress?

  /// The text is not a PROXY header, or is damaged or too long: the connection is useless.
  struct Fault: Error, Hashable {}

  /// Removes the header from the front of `buffer`; nil if more bytes are needed.
  static func take(from buffer: inout ByteBuffer) throws(Fault) -> ProxyHeader? {
    let start = buffer.readableBytesView.prefix(signature.count)
    if start.elementsEqual(signature) { return try takeBinary(&buffer) }
    if signature.starts(with: start) { return nil }
    return try takeText(&buffer)
  }

  /// Version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 4711 25` CR LF, at most 107 bytes.
  private static func takeText(_ buffer: inout ByteBuffer) throws(Fault) -> ProxyHeader? {
    let view = buffer.readableBytesView.prefix(107)
    guard let feed = view.firstIndex(of: UInt8(ascii: "\n")) else {
      guard view.count < 107, "PROXY ".utf8.starts(with: view.prefix(6)) || view.starts(with: "PROXY ".utf8) else {
        throw Fault()
      }
      return nil
    }
    let line = view[..<feed]
    guard line.last == UInt8(ascii: "\r") else { throw Fault() }
    let words = Array(line.dropLast()).split(separator: 32, omittingEmptySubsequences: false)
    guard words.count >= 2, words[0].spells("PROXY") else { throw Fault() }
    buffer.moveReaderIndex(to: feed + 1)
    var header = ProxyHeader()
    if words[1].spells("UNKNOWN") { return header }
    guard words.count == 6, words[1].spells("TCP4") || words[1].spells("TCP6"),
      let address = IPAddress(bytes: words[2]),
      let destination = IPAddress(bytes: words[3]), (1...5).contains(words[4].count),
      words[4].allSatisfy({ (48...57).contains($0) }), let port = UInt16(String(decoding: words[4], as: UTF8.self))
    else { throw Fault() }
    header.client = (address, port)
    header.destination = destination
    return header
  }

  private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
  /// Addresses and extensions together; real proxies send a few hundred bytes.
  private static let maximumLength = 2048

  /// Version 2: the signature, version and command, family, length, addresses, extensions.
  private static func takeBinary(_ buffer: inout ByteBuffer) throws(Fault) -> ProxyHeader? {
    let at = buffer.readerIndex + signature.count
    guard let version: UInt8 = buffer.getInteger(at: at), let family: UInt8 = buffer.getInteger(at: at + 1),
      let length: UInt16 = buffer.getInteger(at: at + 2)
    else { return nil }
    guard version >> 4 == 2, version & 15 <= 1, Int(length) <= maximumLength else { throw Fault() }
    guard buffer.readableBytes >= signature.count + 4 + Int(length) else { return nil }
    buffer.moveReaderIndex(forwardBy: signature.count + 4)
    guard var rest = buffer.readSlice(length: Int(length)) else { throw Fault() }
    var header = ProxyHeader()
    // LOCAL: the proxy itself.
    if version & 15 == 0 { return header }
    let size: Int
    switch family {
    case 0x11: size = 4
    case 0x21: size = 16
    // Other families and datagrams: nothing that we could count or trust by.
    default: return header
    }
    guard let source = rest.readBytes(length: size), let destination = rest.readBytes(length: size),
      let address = IPAddress(octets: source),
      let port: UInt16 = rest.readInteger(), rest.readInteger(as: UInt16.self) != nil
    else { throw Fault() }
    header.client = (address, port)
    header.destination = IPAddress(octets: destination)
    return header
  }
}

/// Waits for the PROXY header, then makes the connection with the client's true address. It is the first handler of its channel.
final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let patience: TimeAmount
  private let accept: (ProxyHeader) throws -> Void
  private var buffer = ByteBuffer()
  private var timer: Scheduled<Void>?
  private var isDone = false

  /// - Parameter accept: adds the connection's handlers after this one.
  init(patience: TimeAmount, accept: @escaping (ProxyHeader) throws -> Void) {
    self.patience = patience
    self.accept = accept
  }

  func channelActive(context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { context.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isDone { return context.fireChannelRead(data) }
    var bytes = unwrapInboundIn(data)
    buffer.writeBuffer(&bytes)
    do {
      guard let header = try ProxyHeader.take(from: &buffer) else { return }
      isDone = true
      timer?.cancel()
      try accept(header)
      // What the client sent behind the header is the connection's.
      if buffer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(buffer)) }
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    } catch {
      context.close(promise: nil)
    }
  }
}
