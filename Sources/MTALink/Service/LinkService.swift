package import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore

/// The queue process's end of the ways to receivers. It takes every byte for a stranger's: a receiver reads what clients send.
///
/// A link can add mail, ask the desk for its own connections and tries, and ask the questions of the configuration. It cannot read, change,
/// release or list what is stored. What breaks the rules ends that link alone.
package final class LinkService: Sendable {
  let store: any MessageStore
  let desk: any ReceptionDesk
  let configuration: Configuration
  let running = RunningCommits()
  private let state = NIOLockedValueBox(State())

  private struct State {
    var links: [ObjectIdentifier: ServedLink] = [:]
    var isStopping = false
    var isFollowing = false
    var whenIdle: [CheckedContinuation<Void, Never>] = []
  }

  package init(store: any MessageStore, desk: any ReceptionDesk, configuration: Configuration = Configuration()) {
    self.store = store
    self.desk = desk
    self.configuration = configuration
  }

  /// Serves a receiver, until it or the service ends.
  ///
  /// - Parameter descriptor: of a connected stream socket. The service closes it.
  package func serve(_ descriptor: Int32) {
    let link = ServedLink(descriptor, self)
    let isStopping = state.withLockedValue { state in
      if !state.isStopping { state.links[ObjectIdentifier(link)] = link }
      return state.isStopping
    }
    if isStopping { link.refuse() } else { link.start() }
  }

  /// Whether receivers send the lines of their dialogues, from now on: those that are linked, and those that will be.
  package func follow(_ isOn: Bool) {
    let links = state.withLockedValue { state -> [ServedLink] in
      state.isFollowing = isOn
      let links = Array(state.links.values)
      // Within, so that the last word of several callers is the same everywhere.
      for link in links { link.follow(isOn) }
      return links
    }
    for link in links { link.flush() }
  }

  /// A receiver said its hello, and gets ours.
  func greet(_ link: ServedLink, _ welcome: ByteBuffer) {
    state.withLockedValue { state in
      link.greet(welcome)
      if state.isFollowing { link.follow(true) }
    }
  }

  package var linkCount: Int { state.withLockedValue { $0.links.count } }

  /// Takes nothing more from receivers, answers what is under way, then ends the links. Receivers keep what has no answer for the next
  /// queue process.
  package func stop() async {
    let links = state.withLockedValue { state in
      state.isStopping = true
      return Array(state.links.values)
    }
    for link in links { link.finish() }
    await withCheckedContinuation { continuation in
      let isIdle = state.withLockedValue { state in
        if !state.links.isEmpty { state.whenIdle.append(continuation) }
        return state.links.isEmpty
      }
      if isIdle { continuation.resume() }
    }
  }

  /// Ends all links now, and takes no others. What is under way in the store goes on.
  package func close() {
    let links = state.withLockedValue { state in
      state.isStopping = true
      return Array(state.links.values)
    }
    for link in links { link.close() }
  }

  /// All of the link is over, and its last task was answered.
  func ended(_ link: ServedLink, _ fault: LinkFault?) {
    let waiting = state.withLockedValue { state -> [CheckedContinuation<Void, Never>] in
      state.links[ObjectIdentifier(link)] = nil
      guard state.links.isEmpty else { return [] }
      defer { state.whenIdle = [] }
      return state.whenIdle
    }
    if let fault { configuration.notice("the link of a receiver was ended: \(fault)") }
    for continuation in waiting { continuation.resume() }
  }
}
