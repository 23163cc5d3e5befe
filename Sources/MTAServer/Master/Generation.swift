import MTACore
import MTASystem
import NIOCore

/// What the children of one start, or of one reload, are given.
struct Generation: Sendable {
  let number: Int
  let settings: Settings
  let sockets: [BoundSocket]
  let rights: ChildRights
  /// What children cannot read themselves, by name: the program's files of settings, certificates, keys.
  let queueFiles: [String: ByteBuffer]
  let receiverFiles: [String: ByteBuffer]
  var webFiles: [String: ByteBuffer] = [:]
  /// The socket for `httpListen`.
  var http: WebSocketPlace?
  /// It was made after an upgrade in place of one that could not be: what was started before serves on.
  var cannotServe = false

  /// Processes that take connections.
  var receivers: Int {
    if case .workers(let count) = settings.effectiveIsolation { count } else { 1 }
  }

  /// What they are.
  var door: ProcessRole {
    if case .processPerConnection = settings.effectiveIsolation { .acceptor } else { .receiver }
  }
}

extension Generation {
  func order(for role: ProcessRole) -> LaunchOrder {
    let (own, files) =
      switch role {
      case .queue: (rights.queue, queueFiles)
      case .web: (rights.web, webFiles)
      default: (rights.receiver, receiverFiles)
      }
    var order = LaunchOrder(role)
    order.generation = UInt64(number)
    order.owner = own.owner
    order.maximumDescriptors = Self.descriptors
    order.readablePaths += own.readable
    order.writablePaths += own.writable
    order.blobs = files
    // It starts the sessions, and they are this program.
    if role == .acceptor { order.executablePaths = LaunchOrder.programPaths }
    return order
  }

  /// Open descriptors of a child.
  private static let descriptors = 65_536
}

extension Generation {
  /// - Parameter hooksAreOwn: the program's hooks check passwords, so receivers need what the settings have of them.
  /// - Throws: ``StartFailure`` when certificate or key cannot be read.
  init(
    _ number: Int, _ settings: Settings, _ sockets: [BoundSocket], _ rights: ChildRights, hooksAreOwn: Bool
  ) throws(StartFailure) {
    (self.number, self.settings, self.sockets, self.rights) = (number, settings, sockets, rights)
    func blobs(_ files: [String: [UInt8]]) -> [String: ByteBuffer] {
      Dictionary(uniqueKeysWithValues: files.map { (InheritedFiles.blob($0), ByteBuffer(bytes: $1)) })
    }
    queueFiles = blobs(try settings.filesForQueue())
    receiverFiles = blobs(try settings.filesForReceivers(keepingHashes: hooksAreOwn))
    if settings.httpListen != nil { webFiles = blobs(try settings.filesWithoutSecrets()) }
  }
}
