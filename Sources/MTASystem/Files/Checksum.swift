import CMTASystem
package import NIOCore

/// CRC-32C, the checksum of iSCSI and ext4: it finds bytes that changed by themselves, not ones that somebody changed on purpose.
///
/// It takes about 5 µs for 100 KiB where the processor has an instruction for it (x86-64 with SSE 4.2, ARM64 with CRC), else ten times
/// that. `Docs/DURABILITY.md` says why it is this one.
package struct Checksum: Hashable, Sendable {
  /// Of all bytes so far; 0 of none.
  package private(set) var value: UInt32 = 0

  package init() {}

  package mutating func add(_ bytes: ByteBuffer) { bytes.withUnsafeReadableBytes { add($0) } }

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    value = csystem_checksum(value, start, bytes.count, 0)
  }

  /// The same without the processor's instruction.
  package mutating func addPlainly(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    value = csystem_checksum(value, start, bytes.count, 1)
  }
}
