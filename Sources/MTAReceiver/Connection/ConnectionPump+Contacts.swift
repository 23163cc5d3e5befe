import MTACore

/// What the contact of the client says (R2), and what it is told (R1, R3).
extension ConnectionPump {
  func tellContacts() {
    for event in session.takeContactEvents() { environment.contacts.note(event, from: facts.remoteAddress) }
  }

  /// The first step: is the client let in at all (R2)?
  func admit() async {
    if facts.isFrontEnd {
      todo = session.receive(.connected)
      return
    }
    switch await environment.contacts.admit(facts.remoteAddress) {
    case .welcome: todo = session.receive(.connected)
    case .warned(let until):
      tell(lockedOutUntil: until)
      todo = session.turnAway(.accessDenied(until: until.internetMessageDate))
    case .slammed: todo = session.turnAway(nil)
    }
  }
}
