package import NIOCore

#if canImport(Glibc)
  import CMTASystem
#endif

/// The form of an order. The reader here and the one of CMTASystem agree: what one takes, the other takes.
extension LaunchOrder {
  /// The octets for a child.
  package func encoded() throws(LaunchFailure) -> ByteBuffer {
    var lines = ["swift-mta-launch 1", "role \(role)", "generation \(generation)"]
    if let owner { lines += ["user \(owner.user)", "group \(owner.group)"] }
    lines.append("limit \(maximumDescriptors)")
    lines += readablePaths.map { "read \($0)" } + writablePaths.map { "write \($0)" }
    lines += executablePaths.map { "execute \($0)" }
    lines += descriptors.sorted { $0.value < $1.value }.map { "descriptor \($0.value) \($0.key)" }
    let blobs = blobs.sorted { $0.key < $1.key }
    lines += blobs.map { "blob \($0.value.readableBytes) \($0.key)" }
    lines.append("end")
    // A line feed in a path or name would begin a line of another meaning.
    for line in lines where line.utf8.contains(where: { $0 < 32 || $0 == 127 }) {
      throw .order("a path or name has control characters")
    }
    var bytes = ByteBuffer()
    for line in lines { bytes.writeString(line + "\n") }
    for var (_, blob) in blobs {
      guard bytes.readableBytes + blob.readableBytes <= Self.maximumBytes else { throw .order("it is too long") }
      bytes.writeBuffer(&blob)
    }
    if let fault = Self.fault(of: bytes) { throw .order(fault) }
    return bytes
  }

  /// Reads an order.
  package init(encoded bytes: ByteBuffer) throws(LaunchFailure) {
    if let fault = Self.fault(of: bytes) { throw .order(fault) }
    var reader = Reader(rest: bytes)
    _ = try reader.line()
    self.init(try reader.role())
    generation = UInt64(try reader.number("generation"))
    if let user = try? reader.optionalNumber("user"), let group = try? reader.optionalNumber("group") {
      guard let user = UInt32(exactly: user), let group = UInt32(exactly: group) else { throw .order("no user") }
      owner = Owner(user: user, group: group)
    }
    maximumDescriptors = Int(try reader.number("limit"))
    (readablePaths, writablePaths, executablePaths) = ([], [], [])
    var lengths: [(name: String, length: Int)] = []
    lines: while true {
      let (kind, value) = try reader.line()
      switch kind {
      case "read": readablePaths.append(value)
      case "write": writablePaths.append(value)
      case "execute": executablePaths.append(value)
      case "descriptor":
        let (number, name) = try Reader.numbered(value)
        guard let number = Int32(exactly: number), descriptors.updateValue(number, forKey: name) == nil else {
          throw .order("two descriptors have one name")
        }
      case "blob":
        let (length, name) = try Reader.numbered(value)
        lengths.append((name, length))
      case "end": break lines
      default: throw .order("a line is unknown")
      }
    }
    for (name, length) in lengths {
      guard let blob = reader.rest.readSlice(length: length), blobs.updateValue(blob, forKey: name) == nil else {
        throw .order("two blobs have one name")
      }
    }
  }

  /// What is wrong with an order, as a child's constructor finds.
  package static func fault(of bytes: ByteBuffer) -> String? {
    #if canImport(Glibc)
      bytes.withUnsafeReadableBytes { bytes in
        csystem_launch_fault(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count).map {
          String(cString: $0)
        }
      }
    #else
      LaunchFailure.notOnThisSystem.description
    #endif
  }

  /// The octets that the constructor keeps.
  static func ownBytes() -> ByteBuffer? {
    #if canImport(Glibc)
      var bytes: UnsafePointer<UInt8>?
      var count = 0
      guard csystem_launch_order(&bytes, &count) == 1, let bytes else { return nil }
      return ByteBuffer(bytes: UnsafeBufferPointer(start: bytes, count: count))
    #else
      return nil
    #endif
  }

  /// Ends this process as the constructor would.
  static func refuse(_ fault: LaunchFailure) -> Never {
    #if canImport(Glibc)
      csystem_launch_refuse(fault.description)
    #endif
    fatalError(fault.description)
  }

  private struct Reader {
    var rest: ByteBuffer

    /// The next line: its first word, and what stands behind the blank.
    mutating func line() throws(LaunchFailure) -> (kind: String, value: String) {
      let view = rest.readableBytesView
      guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else { throw .order("it ends early") }
      let line = view[view.startIndex..<end]
      rest.moveReaderIndex(forwardBy: line.count + 1)
      let blank = line.firstIndex(of: UInt8(ascii: " ")) ?? line.endIndex
      return (
        String(decoding: line[..<blank], as: UTF8.self), String(decoding: line[blank...].dropFirst(), as: UTF8.self)
      )
    }

    mutating func role() throws(LaunchFailure) -> ProcessRole {
      let (kind, value) = try line()
      guard kind == "role", let role = ProcessRole(value) else { throw .order("its role is unknown") }
      return role
    }

    mutating func number(_ kind: String) throws(LaunchFailure) -> Int {
      guard let number = try optionalNumber(kind) else { throw .order("it has no \(kind)") }
      return number
    }

    /// Nil if the next line is of another kind; that line stays.
    mutating func optionalNumber(_ kind: String) throws(LaunchFailure) -> Int? {
      let before = rest
      let (found, value) = try line()
      guard found == kind else {
        rest = before
        return nil
      }
      guard let number = Int(value) else { throw .order("\(kind) is no number") }
      return number
    }

    static func numbered(_ text: String) throws(LaunchFailure) -> (number: Int, name: String) {
      let parts = text.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
      guard parts.count == 2, let number = Int(Substring(parts[0])) else { throw .order("a number is missing") }
      return (number, String(Substring(parts[1])))
    }
  }
}
