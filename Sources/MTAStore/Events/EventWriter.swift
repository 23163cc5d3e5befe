import MTACore
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The thread that writes events. It opens the file when there is something to write, and again after trouble.
final class EventWriter {
  struct Turn {
    var records: [EventRecord] = []
    var dropped = 0
    /// Nothing comes after it.
    var isLast = false
  }

  private let configuration: EventKeeper.Configuration
  private var file: EventFile?
  private var isFailing = false
  /// The last failure was the file's fault.
  private var isDamaged = false
  private var dropped = 0

  /// Bytes of records that wait for a file that cannot be written. What came first is dropped first.
  private var waiting: [EventRecord] = []

  init(_ configuration: EventKeeper.Configuration) { self.configuration = configuration }

  /// - Parameter take: waits for records until an instant, and returns what there is.
  func run(_ take: (MonotonicInstant) -> Turn, ended: () -> Void) {
    var next = MonotonicInstant.now
    while true {
      let turn = take(.now.after(milliseconds: waiting.isEmpty ? 60_000 : 1000))
      dropped += turn.dropped
      waiting += turn.records
      if turn.isLast {
        write()
        // Closed before anyone is told: whoever waited for the end may touch the file.
        file = nil
        return ended()
      }
      if !waiting.isEmpty {
        if MonotonicInstant.now < next {
          bound()
        } else if !write() {
          next = .now.after(milliseconds: configuration.patience.wholeMilliseconds)
        }
      }
      tidy()
      if !turn.records.isEmpty { usleep(UInt32(clamping: configuration.gathering.wholeMilliseconds * 1000)) }
    }
  }

  /// - Returns: false if it must be tried again.
  @discardableResult
  private func write() -> Bool {
    guard !waiting.isEmpty else { return true }
    do throws(SQLiteFailure) {
      let file = try opened()
      // In pieces, so that a process beside this one need not wait long.
      while !waiting.isEmpty {
        try file.write(Array(waiting.prefix(1000)))
        waiting.removeFirst(min(1000, waiting.count))
      }
      if isFailing { configuration.notice(.writing) }
      isFailing = false
      if dropped > 0 { configuration.notice(.dropped(dropped)) }
      dropped = 0
      return true
    } catch {
      fail(error)
      bound()
      return false
    }
  }

  private func tidy() {
    guard let file else { return }
    do throws(SQLiteFailure) { while try file.removeOld() { letOthersRun() } } catch { fail(error) }
  }

  private func opened() throws(SQLiteFailure) -> EventFile {
    if let file { return file }
    let (file, wasSetAside) = try EventFile.open(configuration, looks: isDamaged)
    isDamaged = false
    if wasSetAside { configuration.notice(.setAside(path: configuration.path + ".damaged")) }
    self.file = file
    return file
  }

  /// The file is opened anew the next time; if it is damaged, it is set aside then.
  private func fail(_ failure: SQLiteFailure) {
    file = nil
    isDamaged = isDamaged || failure.isDamage
    if !isFailing { configuration.notice(.failing(reason: failure.description)) }
    isFailing = true
  }

  private func bound() {
    var bytes = waiting.reduce(0) { $0 + EventSchema.cost(fields: $1.fields.count, mail: 64) }
    guard bytes > configuration.maximumWaiting else { return }
    var count = 0
    while bytes > configuration.maximumWaiting / 2, count < waiting.count {
      bytes -= EventSchema.cost(fields: waiting[count].fields.count, mail: 64)
      count += 1
    }
    waiting.removeFirst(count)
    dropped += count
  }
}
