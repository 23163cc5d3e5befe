package import MTASystem
import MTATLS
import NIOConcurrencyHelpers
import NIOCore

/// The one way to files that settings are and name, such as certificates, keys and passwords. A process without rights gets their bytes
/// from the process that started it, and cannot read them itself.
package final class InheritedFiles: Sendable {
  /// This process's. One that was started by a master begins with what the master gave it.
  package static let shared = InheritedFiles(
    // A master reads files itself, also one whose program was replaced.
    (LaunchOrder.isChild ? LaunchOrder.own : nil).map { order in
      Dictionary(
        order.blobs.compactMap { name, bytes in path(name).map { ($0, Array(bytes.readableBytesView)) } },
        uniquingKeysWith: { first, _ in first })
    })

  /// The name of a file's bytes in a launch order.
  static func blob(_ path: String) -> String { "file:" + PathName.absolute(path) }

  private static func path(_ blob: String) -> String? {
    blob.hasPrefix("file:") ? String(blob.dropFirst("file:".count)) : nil
  }

  private struct State {
    var inherited: [String: [UInt8]]?
    var read: [String: [UInt8]] = [:]
  }
  private let state: NIOLockedValueBox<State>

  /// - Parameter inherited: bytes by absolute path; nil in a process that reads files itself.
  package init(_ inherited: [String: [UInt8]]? = nil) { state = NIOLockedValueBox(State(inherited: inherited)) }

  /// Takes the bytes that this process was started with. Call it before settings are read.
  package func inherit(_ files: [String: [UInt8]]) { state.withLockedValue { $0.inherited = files } }

  /// This process was started with the bytes of files.
  package var isInheriting: Bool { state.withLockedValue { $0.inherited != nil } }

  /// The bytes that this process was started with; nil: the file is not among them.
  package func inherited(_ path: String) -> [UInt8]? {
    state.withLockedValue { $0.inherited?[PathName.absolute(path)] }
  }

  /// What was read from the disk, by path: what children are given. Each path has the bytes of its last reading.
  package var files: [String: [UInt8]] { state.withLockedValue { $0.read } }

  /// Reads the files again that were read before. A file that cannot be read any more keeps its bytes: whoever needs it says so.
  package func readAgain() {
    for (path, bytes) in files { _ = try? read(path, upTo: max(bytes.count, 1 << 24), at: "settings.again") }
  }

  /// Forgets ``files``.
  package func forget() { state.withLockedValue { $0.read = [:] } }

  /// The first `length` bytes of a file: those that this process was started with, or those on the disk.
  package func read(_ path: String, upTo length: Int, at point: FaultPoint) throws(FileFailure) -> [UInt8] {
    if let bytes = inherited(path) { return Array(bytes.prefix(length)) }
    let file = try DurableFiles().openForReading(path, at: point)
    let bytes = Array(try file.read(from: 0, upTo: length, at: point).readableBytesView)
    state.withLockedValue { $0.read[PathName.absolute(path)] = bytes }
    return bytes
  }

  /// A PEM file for TLS, which is read later.
  func pem(_ path: String) -> TLSSource { inherited(path).map { .pem($0) } ?? .file(path) }
}
