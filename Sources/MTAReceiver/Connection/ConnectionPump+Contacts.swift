import MTACore

/// What the desk says of the client (R2), and what it is told (R1, R3).
extension ConnectionPump {
  func tellContacts() {
    for event in session.takeContactEvents() { environment.desk.note(event, from: facts.remoteAddress) }
  }

  /// The first step, and again when a front end has named its client: is the client let in at all (R2)?
  func admit() async {
    leavePlace()
    let (client, isFrontEnd) = (facts.remoteAddress, facts.isFrontEnd)
    let entry = await environment.desk.enter(client, isFrontEnd: isFrontEnd)
    if entry != .full, !tally.isOpen { tellOpened() }
    switch entry {
    case .welcome:
      place = (client, isFrontEnd)
      // Who left meanwhile did not know of a place to give back.
      if gone { leavePlace() }
      todo = session.receive(.connected)
    case .warned(let until):
      tell(lockedOutUntil: until)
      todo = session.turnAway(.accessDenied(until: until.internetMessageDate))
    case .slammed: todo = session.turnAway(nil)
    case .full:
      environment.tellTurnedAway(client, localPort: facts.localPort)
      // As at the door, which has a line of its own.
      _ = session.turnAway(nil)
      todo = .close(.tooManyConnections(session.configuration.serverName))
    }
  }

  /// Gives back what the desk counts of this connection, if it does.
  func leavePlace() {
    guard let place = place.take() else { return }
    environment.desk.leave(place.client, isFrontEnd: place.isFrontEnd)
  }
}
