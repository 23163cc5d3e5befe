import Logging
import MTASystem

/// The process that answers at `httpListen`. It reads the pages in which the others count, and belongs to no generation: mail is served
/// without it.
extension Master {
  /// A generation serves: the process of the one before ends, and the next reads settings anew.
  func renewWeb() {
    if http !== generation?.http { http?.close() }
    http = generation?.http
    if let web { finishing.append(web) }
    web = nil
    for child in finishing where child.role == .web { child.tell(.stop) }
    startWeb()
  }

  func startWeb() {
    guard web == nil, !isStopping, let generation, generation.http != nil, let page = meters?.page.readableDescriptor()
    else { return }
    do throws(StartFailure) {
      let child = try starter.start(.web, 0, of: generation, link: nil, lock: nil)
      child.watch { [ring] in ring.yield(.news(child, $0)) }
      web = child
      // The first is the master's.
      child.tell(.page, passing: page.number)
      withExtendedLifetime(page) {}
      // Those of a generation that just began to serve are among them twice.
      var shown: Set<ObjectIdentifier> = []
      for other in children where shown.insert(ObjectIdentifier(other)).inserted { show(other) }
    } catch {
      logger.critical("a process cannot be started", metadata: ["role": "web", "reason": "\(error)"])
      Task { [ring] in
        try? await Task.sleep(for: .seconds(1))
        ring.yield(.restart(.web, place: 0))
      }
    }
  }

  /// Lets the process read the page of another one.
  func show(_ child: Child) {
    guard let web, let page = child.page?.readableDescriptor() else { return }
    web.tell(.page, passing: page.number)
    withExtendedLifetime(page) {}
  }
}

extension Child {
  /// It takes connections, and asks the queue process.
  var isDoor: Bool { role == .receiver || role == .acceptor }
}
