import MTACore

/// What the contact of the client is told (R1, R3).
extension ConnectionPump {
  func tellContacts() {
    for event in session.takeContactEvents() { environment.contacts.note(event, from: facts.remoteAddress) }
  }
}
