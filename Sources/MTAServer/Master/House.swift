import MTACore
import MTALink
import MTAReceiver
import MTASystem

/// The process that a server is, or its part of the processes.
enum House: Sendable {
  /// All in one process.
  case whole
  case master
  case queue(MasterLine)
  case receiver(MasterLine, LinkClient)

  /// It is nobody's child.
  var opensFirst: Bool {
    switch self {
    case .whole, .master: true
    case .queue, .receiver: false
    }
  }

  var hasQueue: Bool {
    switch self {
    case .whole, .queue: true
    case .master, .receiver: false
    }
  }

  var hasSessions: Bool {
    switch self {
    case .whole, .receiver: true
    case .master, .queue: false
    }
  }
}
