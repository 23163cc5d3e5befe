import MTALink
import MTAReceiver
import MTASystem
import NIOCore

/// What a master leaves to the program that replaces its own: sockets, locks, and the children that serve. All else begins anew.
struct Handover: Sendable {
  struct Process: Sendable {
    var role: ProcessRole
    var id: Int32
    var generation: Int
    var place: Int
    /// It serves, and is not on its way to its end.
    var isServing: Bool
    var control: Int32
    var log: Int32
    var errors: Int32
    /// Where it counts.
    var page: Int32?
  }

  /// The last generation that was started.
  var generation: Int
  var sockets: [(place: ListenAddress, descriptor: Int32)] = []
  var processes: [Process] = []
  var queueLock: Int32?
  var serverLock: Int32?
  /// Both ends of ``ChildStarter/life``.
  var life: ChildPipe?
  /// The master's page, with the counts of processes that ended.
  var page: Int32?
  /// The socket for `httpListen`.
  var http: (place: ListenAddress, descriptor: Int32)?

  /// The program that takes over speaks to children of the one before. So it must know the form of this, of their words, and of the link:
  /// programs of other numbers cannot replace each other without a restart.
  static let version = "1.\(LinkVersion.current)"

  /// The name of its text in the order.
  static let blob = "handover"
  /// A blob by which a master asks a program whether it could take over. The program does nothing else.
  static let question = "check-upgrade"

  /// Settings that must be the same in both programs: what they name is the running server's, and is not handed over.
  static let fixedKeys = ["database", "mailQueue", "lockFile", "pidFile"]

  /// The version, the values of ``fixedKeys``, and the ports that are open: a line each.
  ///
  /// - Parameter settings: those of the start, which no reload changes in these.
  static func question(of settings: Settings, open ports: [ListenAddress]) -> String {
    let paths = [settings.database, settings.mailQueue, settings.lockFile, settings.pidFile]
    return ([version] + paths.map { PathName.absolute($0) } + ports.map { "\($0)" }).joined(separator: "\n")
  }
}

extension Handover {
  /// The text, and the descriptors that it names.
  var encoded: (text: ByteBuffer, descriptors: [String: Int32]) {
    var lines = ["generation \(generation)"]
    var descriptors: [String: Int32] = [:]
    for (number, socket) in sockets.enumerated() {
      lines.append("socket \(number) \(socket.place)")
      descriptors["socket:\(number)"] = socket.descriptor
    }
    for process in processes {
      lines.append(
        "process \(process.id) \(process.role) \(process.generation) \(process.place) \(process.isServing ? 1 : 0)")
      descriptors["control:\(process.id)"] = process.control
      descriptors["log:\(process.id)"] = process.log
      descriptors["errors:\(process.id)"] = process.errors
      descriptors["page:\(process.id)"] = process.page
    }
    descriptors["queue-lock"] = queueLock
    descriptors["server-lock"] = serverLock
    descriptors["page"] = page
    // The place is in the name: programs of before know no line for it.
    if let http { descriptors["http \(http.place)"] = http.descriptor }
    descriptors["life:read"] = life?.read.number
    descriptors["life:write"] = life?.write.number
    return (ByteBuffer(string: lines.joined(separator: "\n")), descriptors)
  }

  /// What the program before this one left. Nil where there was none.
  static let own: Handover? = LaunchOrder.own.flatMap { order in
    order.blobs[blob].flatMap { Handover($0, order.descriptors) }
  }

  /// Nil for what this does not write: the program before was another version's.
  init?(_ text: ByteBuffer, _ descriptors: [String: Int32]) {
    generation = 0
    for line in String(buffer: text).split(separator: "\n") {
      let words = line.split(separator: " ")
      switch words.first {
      case "generation" where words.count == 2:
        guard let number = Int(words[1]) else { return nil }
        generation = number
      case "socket" where words.count == 3:
        guard let place = ListenAddress(String(words[2])), let descriptor = descriptors["socket:\(words[1])"] else {
          return nil
        }
        sockets.append((place, descriptor))
      case "process" where words.count == 6:
        guard let id = Int32(words[1]), let role = ProcessRole(words[2]), let generation = Int(words[3]),
          let place = Int(words[4]), let control = descriptors["control:\(id)"],
          let log = descriptors["log:\(id)"], let errors = descriptors["errors:\(id)"]
        else { return nil }
        processes.append(
          Process(
            role: role, id: id, generation: generation, place: place, isServing: words[5] == "1", control: control,
            log: log, errors: errors, page: descriptors["page:\(id)"]))
      default: return nil
      }
    }
    (queueLock, serverLock) = (descriptors["queue-lock"], descriptors["server-lock"])
    page = descriptors["page"]
    for (name, descriptor) in descriptors where name.hasPrefix("http ") {
      if let place = ListenAddress(String(name.dropFirst(5))) { http = (place, descriptor) }
    }
    if let read = descriptors["life:read"], let write = descriptors["life:write"] {
      life = ChildPipe(read: OwnedDescriptor(read), write: OwnedDescriptor(write))
    }
  }
}
