package import MTASystem
import MTATLS
import NIOConcurrencyHelpers
import NIOCore

/// The one way to files that settings are and name, such as certificates, keys and passwords. A process without rights gets their bytes
/// from the process that started it, and cannot read them itself.
package final class InheritedFiles: Sendable {
  package static let shared = InheritedFiles()

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
