import MTACore
import MTALink
import MTAReceiver
import MTASystem

/// The process that a server is, or its part of the processes.
enum House: Sendable {
  /// All in one process.
  case whole
  case master
  /// Says whether this program could replace that of a running master, and does nothing.
  case applicant(MasterLine)
  case queue(MasterLine)
  case receiver(MasterLine, LinkClient)
  /// Has connections until it is known whether they are served.
  case acceptor(MasterLine, LinkClient)
  /// Answers at `httpListen`.
  case web(MasterLine)

  /// It is nobody's child.
  var opensFirst: Bool {
    switch self {
    case .whole, .master, .applicant: true
    case .queue, .receiver, .acceptor, .web: false
    }
  }

  var hasQueue: Bool {
    switch self {
    case .whole, .queue: true
    case .master, .applicant, .receiver, .acceptor, .web: false
    }
  }

  var hasSessions: Bool {
    switch self {
    case .whole, .receiver, .acceptor: true
    case .master, .applicant, .queue, .web: false
    }
  }

  /// Certificates are for whoever speaks TLS, and for the master, who looks at them before.
  var hasCertificates: Bool {
    switch self {
    case .whole, .receiver, .master, .applicant: true
    case .queue, .acceptor, .web: false
    }
  }

  /// The way to the queue process; nil where the queue is here, or nobody asks for it.
  var link: LinkClient? {
    switch self {
    case .receiver(_, let link), .acceptor(_, let link): link
    case .whole, .master, .applicant, .queue, .web: nil
    }
  }
}
