import MTACore
import NIOCore

/// The mail that a program wrote to `send`: with line ends of SMTP, and the header section apart.
struct MailText {
  enum Fault: Error, Hashable {
    case tooLarge(limit: Int)
    case headerTooLarge
    /// A field of recipients cannot be read.
    case recipients(String)
  }

  private(set) var header: HeaderSection
  private(set) var body: ByteBuffer
  private let headerBytes: Int

  /// - Parameter limit: the largest mail in bytes.
  init(_ text: ByteBuffer, limit: Int, headerLimit: Int, fieldLimit: Int) throws(Fault) {
    guard text.readableBytes <= limit else { throw .tooLarge(limit: limit) }
    var collector = HeaderCollector(limit: headerLimit, maximumFields: fieldLimit)
    switch collector.receive(text) {
    case .tooLarge: throw .headerTooLarge
    case .complete(let header, let offset):
      self.header = header
      body = text
      body.moveReaderIndex(forwardBy: header.isAbsent ? 0 : offset)
    case .more:
      guard let header = collector.finish() else { throw .headerTooLarge }
      self.header = header
      body = header.isAbsent ? text : ByteBuffer()
    }
    headerBytes = header.fields.reduce(0) { $0 + $1.raw.count }
  }

  func has(_ name: String) -> Bool { header.fields.contains { $0.isNamed(name) } }

  /// The addresses of To, Cc and Bcc, or of their namesakes for a mail that is sent again.
  func recipients() throws(Fault) -> [String] {
    let again = ["Resent-To", "Resent-Cc", "Resent-Bcc"]
    let names = again.contains(where: has) ? again : ["To", "Cc", "Bcc"]
    var addresses: [String] = []
    for field in header.fields {
      guard let name = names.first(where: { field.isNamed($0) }) else { continue }
      let parsed = AddressField(field.unfoldedValue)
      if parsed.isBroken { throw .recipients(name) }
      addresses += parsed.addresses
    }
    return addresses
  }

  /// The mail as it is handed in.
  ///
  /// - Parameters:
  ///   - fields: whole lines, put before the others.
  ///   - isBlind: leaves Bcc out.
  func content(adding fields: [String], isBlind: Bool) -> ByteBuffer {
    var content = ByteBuffer()
    content.reserveCapacity(headerBytes + body.readableBytes + 256)
    for field in fields { content.writeString(field + "\r\n") }
    for field in header.fields {
      if isBlind, field.isNamed("Bcc") || field.isNamed("Resent-Bcc") { continue }
      content.writeBytes(field.raw)
      if field.raw.last != 10 { content.writeStaticString("\r\n") }
    }
    content.writeStaticString("\r\n")
    content.writeImmutableBuffer(body)
    if content.readableBytesView.last != 10 { content.writeStaticString("\r\n") }
    return content
  }
}

/// Makes lines of a program's text, piece by piece: LF and CR LF end a line. A lone CR becomes a line end in the body, and a blank in the
/// header section, where it could hide a field.
struct InputLines {
  /// Whether a line with a dot alone ends the text.
  let endsAtDot: Bool
  private(set) var text = ByteBuffer()
  private(set) var isAtEnd = false
  /// There is more than the limit; the text is cut.
  private(set) var isTooLong = false
  private let limit: Int
  private var isInHeader = true
  private var holdsReturn = false
  /// Octets of the line so far, and whether the first is a dot.
  private var lineLength = 0
  private var beginsWithDot = false

  init(endsAtDot: Bool, limit: Int) { (self.endsAtDot, self.limit) = (endsAtDot, limit) }

  mutating func take(_ bytes: some Sequence<UInt8>) {
    var rest = Array(bytes)[...]
    while let byte = rest.first, !isAtEnd, !isTooLong {
      if holdsReturn {
        holdsReturn = false
        if byte == 10 {
          rest = rest.dropFirst()
          endLine()
          continue
        }
        if isInHeader { put([32]) } else { endLine() }
        if isAtEnd { return }
      }
      switch byte {
      case 10:
        rest = rest.dropFirst()
        endLine()
      case 13:
        rest = rest.dropFirst()
        holdsReturn = true
      default:
        // A line is copied as one, but for what is beyond the limit.
        let room = limit - text.readableBytes
        var length = rest.withUnsafeBytes { $0.nextLineControl(from: 0) }
        if length > room { length = max(0, room + 1) }
        put(rest.prefix(length))
        rest = rest.dropFirst(length)
      }
      if text.readableBytes > limit { isTooLong = true }
    }
  }

  mutating func finish() {
    if isAtEnd { return }
    if lineLength > 0 || holdsReturn { endLine() }
    isAtEnd = true
  }

  private mutating func put(_ bytes: ArraySlice<UInt8>) {
    if lineLength == 0 { beginsWithDot = bytes.first == UInt8(ascii: ".") }
    lineLength += bytes.count
    text.writeBytes(bytes)
  }

  private mutating func endLine() {
    if endsAtDot, lineLength == 1, beginsWithDot {
      text.moveWriterIndex(to: text.writerIndex - 1)
      isAtEnd = true
      return
    }
    if lineLength == 0 { isInHeader = false }
    (lineLength, beginsWithDot) = (0, false)
    text.writeStaticString("\r\n")
  }
}
