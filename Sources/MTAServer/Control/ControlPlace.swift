import MTASystem

extension Settings {
  /// Where operators ask a running server.
  public enum ControlPlace: Hashable, Sendable {
    /// ``Settings/database`` with `.control` behind it. Where no socket can be made there, the server runs without one.
    case besideDatabase
    /// A path. Where no socket can be made there, the server does not start.
    case at(String)
    case none
  }

  /// Nil: there is no socket.
  var controlPath: String? {
    switch controlSocket {
    case .besideDatabase: database + ".control"
    case .at(let path): path
    case .none: nil
    }
  }
}

extension NamedSocket.Use {
  /// Root, the server's user and members of a group may connect.
  static func control(_ group: UInt32?) -> NamedSocket.Use {
    NamedSocket.Use(setting: "controlSocket", mode: 0o660, group: group)
  }
}

/// The socket of operators, and the group that may use it.
struct ControlSocket: Sendable {
  let socket: NamedSocket
  let group: UInt32

  /// The descriptor's name for a queue process: it can look up no group.
  static let descriptorName = "operate"

  var descriptor: (name: String, number: Int32) { ("\(Self.descriptorName):\(group)", socket.descriptor.number) }

  /// The one that a process was given.
  static func given(_ descriptors: [String: Int32]) -> (number: Int32, group: UInt32)? {
    for (name, number) in descriptors {
      let parts = name.split(separator: ":")
      if parts.count == 2, parts[0] == descriptorName, let group = UInt32(parts[1]) { return (number, group) }
    }
    return nil
  }
}
