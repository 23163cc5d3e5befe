import MTASystem
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The file of the known policies. Its loss costs fetches, and meanwhile the protection of policies that cannot be fetched.
struct MTASTSCacheFile: Sendable {
  let path: String
  let files: DurableFiles
  let threads: NIOThreadPool
  /// A plan only reads the file.
  let isReadOnly: Bool

  /// Empty when there is no file.
  func read() async throws -> ByteBuffer {
    try await threads.runIfActive {
      do throws(FileFailure) {
        let file = try files.openOwnForReading(path, at: "mta-sts.open")
        let size = try file.size(at: "mta-sts.read")
        return try file.read(from: 0, upTo: min(size, MTASTSCache.maximumOctets), at: "mta-sts.read")
      } catch {
        if error.isNotFound { return ByteBuffer() }
        throw error
      }
    }
  }

  /// Replaces the file in one step: a crash leaves the old file or the new one.
  func write(_ text: String) async throws {
    if isReadOnly { return }
    try await threads.runIfActive {
      // Another process that serves the same queue has a name of its own.
      let temporary = "\(path).\(getpid())"
      do {
        try? files.unlink(temporary, at: "mta-sts.unlink")
        let file = try files.create(temporary, at: "mta-sts.create")
        try file.write(ByteBuffer(string: text), at: "mta-sts.write")
        try file.sync(at: "mta-sts.sync")
        try files.rename(temporary, to: path, at: "mta-sts.rename")
        try files.syncDirectory(DurableFiles.parent(of: path), at: "mta-sts.folder.sync")
      } catch {
        try? files.unlink(temporary, at: "mta-sts.unlink")
        throw error
      }
    }
  }
}
