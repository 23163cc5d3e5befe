import CMTASystem
import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Content in memory of its own, which another process can be given to read.
struct SharedContent {
  let descriptor: OwnedDescriptor

  /// A new one; nil if the system has no memory or no descriptor for it.
  static func make() -> SharedContent? {
    #if os(Linux)
      let descriptor = csystem_memfd("mail")
      return descriptor < 0 ? nil : SharedContent(descriptor: OwnedDescriptor(descriptor))
    #else
      return nil
    #endif
  }

  /// Appends all bytes. Memory may be short: false.
  func append(_ bytes: ByteBuffer) -> Bool {
    bytes.withUnsafeReadableBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest)
        let count = write(descriptor.number, part.baseAddress, part.count)
        if count > 0 { rest = rest.dropFirst(count) } else if count == 0 || errno != EINTR { return false }
      }
      return true
    }
  }

  /// From now on nobody can change it.
  func seal() -> Bool {
    #if os(Linux)
      csystem_seal(descriptor.number) == 0
    #else
      false
    #endif
  }
}

/// Content that a stranger passed. It is sealed and of the promised size, so that reading it neither waits nor changes.
struct PassedContent {
  private let descriptor: OwnedDescriptor
  let size: Int

  /// Nil unless the descriptor is memory of the size, sealed against every change.
  init?(_ descriptor: OwnedDescriptor, size: Int) {
    #if os(Linux)
      // First the seals: other questions may wait for whoever serves the file.
      guard csystem_is_sealed(descriptor.number) == 1 else { return nil }
      var status = stat()
      guard fstat(descriptor.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        Int64(status.st_size) == Int64(size)
      else { return nil }
      self.descriptor = descriptor
      self.size = size
    #else
      return nil
    #endif
  }

  /// The bytes from an offset; nil if they cannot be read.
  func part(from offset: Int, upTo length: Int) -> ByteBuffer? {
    var buffer = ByteBuffer()
    let wanted = min(length, size - offset)
    guard offset >= 0, wanted > 0 else { return buffer }
    buffer.reserveCapacity(wanted)
    let isRead = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { space in
      var filled = 0
      while filled < wanted {
        let count = pread(
          descriptor.number, space.baseAddress.map { $0 + filled }, wanted - filled, off_t(offset + filled))
        if count > 0 { filled += count } else if count == 0 || errno != EINTR { break }
      }
      return filled
    }
    return isRead == wanted ? buffer : nil
  }
}
