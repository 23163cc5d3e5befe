import MTACore
import MTAReceiver
import NIOCore

/// A connection's other end in memory: the pump writes here, the dialogue reads.
final class MockSocket: Duplex {
  private(set) var isClosed = false
  private(set) var isReading = true
  /// Bytes sent to the client and not yet taken.
  private var sent = ByteBuffer()
  var isWritable = true
  /// How the session is encrypted once STARTTLS was done.
  private let encryption: Encryption
  weak var pump: ConnectionPump?

  init(encryption: Encryption) { self.encryption = encryption }

  func send(_ bytes: ByteBuffer) {
    guard !isClosed else { return }
    sent.writeImmutableBuffer(bytes)
  }

  func setReading(_ on: Bool) { isReading = on }
  func startTLS() { pump?.secured(encryption) }
  func close() { isClosed = true }
  func abort() { isClosed = true }

  var hasReply: Bool { sent.readableBytes > 0 }

  /// The next whole reply as its lines, without line ends; nil when there is none.
  func takeReply() -> [String]? {
    var lines: [String] = []
    var rest = sent
    while let feed = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
      let length = feed - rest.readerIndex
      let line = rest.readString(length: length)?.trimmingCarriageReturn ?? ""
      rest.moveReaderIndex(forwardBy: 1)
      lines.append(line)
      if line.utf8.dropFirst(3).first != UInt8(ascii: "-") {
        sent = rest
        return lines
      }
    }
    return nil
  }

  /// All that was sent and not taken.
  func takeAll() -> ByteBuffer {
    defer { sent = ByteBuffer() }
    return sent
  }

  /// Whatever was sent and not taken.
  var remainder: String { String(buffer: sent) }
}

extension String {
  fileprivate var trimmingCarriageReturn: String {
    utf8.last == UInt8(ascii: "\r") ? String(decoding: utf8.dropLast(), as: UTF8.self) : self
  }
}
