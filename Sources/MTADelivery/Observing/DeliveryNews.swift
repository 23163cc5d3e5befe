import MTACore
package import MTASystem

/// An event of the queue on its way to observers: one case for each method of ``DeliveryObserver``, and one for all outcomes.
package enum DeliveryNews: Sendable {
  case attempted(DeliveryEvent.Outcome)
  case reported(DeliveryEvent.Reported)
  case committed(StoreCommit)
  case said(DialogueLine)

  func tell(_ observer: any DeliveryObserver) async {
    switch self {
    case .attempted(let event):
      switch event.outcome {
      case .delivered: await observer.delivered(event)
      case .deferred: await observer.deferred(event)
      case .failed: await observer.failed(event)
      case .held: await observer.held(event)
      }
    case .reported(let event): await observer.reported(event)
    case .committed(let commit): await observer.committed(commit)
    case .said(let line): await observer.said(line)
    }
  }
}

extension Observers where Event == DeliveryNews {
  package mutating func add(_ observer: any DeliveryObserver, capacity: Int = ObserverQueue<DeliveryNews>.capacity) {
    add(watchesDialogue: observer.watchesDialogue, capacity: capacity) { entry in
      switch entry {
      case .event(let event): await event.tell(observer)
      case .lost(let count): await observer.lost(count)
      }
    }
  }
}
