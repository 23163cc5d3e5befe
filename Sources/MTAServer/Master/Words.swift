import MTASystem

/// What the master tells a child.
enum MasterWord: Hashable, Sendable {
  /// The socket between a receiver and the queue process comes with it, for both.
  case link
  /// Take connections, or deliver.
  case serve
  /// To a receiver: take no more connections, and end with the last session. To the queue process: another one takes over. It claims
  /// no more, closes its links and answers ``ChildWord/retired``, and ends when the deliveries under way have.
  case retire
  /// To the queue process: say what there is to do, from now on.
  case count
  /// To the process that answers at `httpListen`: the page of a process comes with it, for reading.
  case page
  /// End within the grace of a stop.
  case stop

  init?(_ bytes: [UInt8]) {
    switch bytes {
    case Array("link".utf8): self = .link
    case Array("serve".utf8): self = .serve
    case Array("retire".utf8): self = .retire
    case Array("count".utf8): self = .count
    case Array("page".utf8): self = .page
    case Array("stop".utf8): self = .stop
    default: return nil
    }
  }

  var bytes: [UInt8] { Array("\(self)".utf8) }
}

/// What a child tells the master, which believes nothing more of it.
enum ChildWord: Hashable, Sendable {
  /// It has opened what it needs. With the first queue process comes the lock of the queue.
  case ready
  /// It takes connections.
  case serving
  /// It has given up its links.
  case retired
  /// From a program that a master asked: it can take over.
  case fit
  /// From an acceptor, with a socket: the queue process serves a session over it.
  case link

  init?(_ bytes: [UInt8]) {
    switch bytes {
    case Array("ready".utf8): self = .ready
    case Array("serving".utf8): self = .serving
    case Array("retired".utf8): self = .retired
    case Array("fit".utf8): self = .fit
    case Array("link".utf8): self = .link
    default: return nil
    }
  }

  var bytes: [UInt8] { Array("\(self)".utf8) }
}
