package import MTASystem

/// An event of a receiver on its way to observers: one case for each method of ``ReceiverObserver``.
package enum ReceiverNews: Sendable {
  case opened(ReceiverEvent.Opened)
  case turnedAway(ReceiverEvent.TurnedAway)
  case secured(ReceiverEvent.Secured)
  case loggedIn(ReceiverEvent.LoggedIn)
  case loginRefused(ReceiverEvent.LoginRefused)
  case lockedOut(ReceiverEvent.LockedOut)
  case accepted(ReceiverEvent.Accepted)
  case discarded(ReceiverEvent.Discarded)
  case refused(ReceiverEvent.Refused)
  case notStored(ReceiverEvent.NotStored)
  case hookFailed(ReceiverEvent.HookFailed)
  case closed(ReceiverEvent.Closed)
  case said(DialogueLine)

  func tell(_ observer: any ReceiverObserver) async {
    switch self {
    case .opened(let event): await observer.opened(event)
    case .turnedAway(let event): await observer.turnedAway(event)
    case .secured(let event): await observer.secured(event)
    case .loggedIn(let event): await observer.loggedIn(event)
    case .loginRefused(let event): await observer.loginRefused(event)
    case .lockedOut(let event): await observer.lockedOut(event)
    case .accepted(let event): await observer.accepted(event)
    case .discarded(let event): await observer.discarded(event)
    case .refused(let event): await observer.refused(event)
    case .notStored(let event): await observer.notStored(event)
    case .hookFailed(let event): await observer.hookFailed(event)
    case .closed(let event): await observer.closed(event)
    case .said(let line): await observer.said(line)
    }
  }
}

extension Observers where Event == ReceiverNews {
  package mutating func add(_ observer: any ReceiverObserver, capacity: Int = ObserverQueue<ReceiverNews>.capacity) {
    add(watchesDialogue: observer.watchesDialogue, capacity: capacity) { entry in
      switch entry {
      case .event(let event): await event.tell(observer)
      case .lost(let count): await observer.lost(count)
      }
    }
  }
}
