import CMTASystem
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The memory in which one process counts: a slot of 64 bits for each series of ``MeterTable``, behind a small head.
///
/// With several processes it is a memory file. The master makes it, the child writes to it, and the process that answers at `httpListen`
/// reads it. So a count is one addition in memory, nobody is asked for numbers, and they survive the child. A child that somebody took
/// over can spoil its own page and no other.
///
/// `@unchecked`: all access is atomic.
package final class MeterPage: @unchecked Sendable {
  /// Slots of the head, then those of the table.
  static let head = 8
  enum Head {
    /// ``MeterTable/mark``.
    static let mark = 0
    /// 1: the process has ended, and its counts are in the master's page.
    static let ended = 1
    /// Odd while the master takes over the counts of one that ended.
    static let sequence = 2
  }

  let slots: UnsafeMutablePointer<Atomic<UInt64>>
  /// Of the memory file; nil where the memory is this process's alone.
  package let descriptor: OwnedDescriptor?
  private let isMapped: Bool

  private static var bytes: Int { (MeterTable.own.slots * 8 + 4095) / 4096 * 4096 }

  /// In memory of this process alone.
  package init() {
    let count = Self.bytes / 8
    let raw = UnsafeMutableRawPointer.allocate(byteCount: Self.bytes, alignment: 64)
    raw.initializeMemory(as: UInt64.self, repeating: 0, count: count)
    slots = raw.assumingMemoryBound(to: Atomic<UInt64>.self)
    (descriptor, isMapped) = (nil, false)
    self[Head.mark].store(MeterTable.own.mark, ordering: .relaxed)
  }

  private init(_ memory: UnsafeMutableRawPointer, _ descriptor: OwnedDescriptor?) {
    slots = memory.bindMemory(to: Atomic<UInt64>.self, capacity: Self.bytes / 8)
    (self.descriptor, isMapped) = (descriptor, true)
  }

  deinit {
    if isMapped { munmap(slots, Self.bytes) } else { UnsafeMutableRawPointer(slots).deallocate() }
  }

  /// A new page that another process may be given. Its size is fixed for ever. Nil, with the reason in `errno`, if the system gives none.
  package static func shared() -> MeterPage? {
    #if canImport(Glibc)
      let descriptor = OwnedDescriptor(csystem_memfd("metrics"))
      guard descriptor.number >= 0, ftruncate(descriptor.number, off_t(bytes)) == 0,
        // A reader of another user cannot open it anew for writing.
        fchmod(descriptor.number, 0o600) == 0, csystem_seal_size(descriptor.number) == 0,
        let page = mapped(descriptor, PROT_READ | PROT_WRITE)
      else { return nil }
      page[Head.mark].store(MeterTable.own.mark, ordering: .relaxed)
      return page
    #else
      return nil
    #endif
  }

  /// A page that this process was given, for counting. Nil if it is of another program, or none.
  package static func given(_ descriptor: OwnedDescriptor) -> MeterPage? { mapped(descriptor, PROT_READ | PROT_WRITE) }

  /// The same, for reading alone.
  package static func readOnly(_ descriptor: OwnedDescriptor) -> MeterPage? { mapped(descriptor, PROT_READ) }

  private static func mapped(_ descriptor: OwnedDescriptor, _ rights: Int32) -> MeterPage? {
    #if canImport(Glibc)
      var status = stat()
      guard fstat(descriptor.number, &status) == 0, Int(status.st_size) == bytes,
        let memory = mmap(nil, bytes, rights, MAP_SHARED, descriptor.number, 0), memory != MAP_FAILED
      else { return nil }
      let page = MeterPage(memory, descriptor)
      let mark = page[Head.mark].load(ordering: .relaxed)
      return mark == MeterTable.own.mark || mark == 0 ? page : nil
    #else
      return nil
    #endif
  }

  /// Another descriptor of the memory file, by which it can be read and not written.
  package func readableDescriptor() -> OwnedDescriptor? {
    guard let descriptor else { return nil }
    let number = open("/proc/self/fd/\(descriptor.number)", O_RDONLY | O_CLOEXEC)
    return number >= 0 ? OwnedDescriptor(number) : nil
  }

  subscript(_ slot: Int) -> Atomic<UInt64> {
    _read { yield slots[slot] }
  }

  // MARK: A process ends

  /// Its counts are in another page from now on.
  package var hasEnded: Bool { self[Head.ended].load(ordering: .relaxed) != 0 }

  /// Takes over the counts of a process that has ended, so that they do not fall.
  package func takeOver(_ page: MeterPage) {
    guard !page.hasEnded else { return }
    self[Head.sequence].wrappingAdd(1, ordering: .sequentiallyConsistent)
    for family in MeterTable.own.families where family.kind != .gauge {
      let meter = family.meter
      for slot in meter.first..<meter.first + family.seriesCount * meter.stride {
        let count = page[slot].load(ordering: .relaxed)
        // However a child that was taken over spoiled its page, this one stays far from its end.
        if count != 0 { self[slot].wrappingAdd(min(count, 1 << 53), ordering: .relaxed) }
      }
    }
    page[Head.ended].store(1, ordering: .sequentiallyConsistent)
    self[Head.sequence].wrappingAdd(1, ordering: .sequentiallyConsistent)
  }
}
