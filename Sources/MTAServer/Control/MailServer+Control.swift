import Logging
import MTACore
import MTALink
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A server's control socket.
extension MailServer {
  /// Nil if the settings name none.
  ///
  /// - Parameters:
  ///   - owner: who has the queue; nil: this process's user.
  ///   - mayFail: what is wrong is told, and no reason to end.
  /// - Throws: ``StartFailure`` naming the setting.
  func makeControlSocket(for owner: LaunchOrder.Owner?, mayFail: Bool = false) throws(StartFailure) -> ControlSocket? {
    guard let path = settings.controlPath else { return nil }
    let isDefault = settings.controlSocket == .besideDatabase
    // There is no database to be beside of.
    if isDefault, rooms.parts.store != nil { return nil }
    do throws(StartFailure) {
      var group = owner?.group ?? getegid()
      if let name = settings.controlGroup {
        do throws(SystemAccount.Failure) { group = try SystemAccount.group(name) } catch {
          throw StartFailure("controlGroup: \(error)")
        }
      }
      return ControlSocket(socket: try NamedSocket(path, .control(group)), group: group)
    } catch {
      guard mayFail || isDefault && settings.controlGroup == nil else { throw error }
      logger.warning("operators cannot ask this server", metadata: ["reason": "\(error)"])
      return nil
    }
  }

  /// Answers operators.
  ///
  /// - Parameters:
  ///   - socket: it listens, and is used up.
  ///   - sessions: how many there are.
  /// - Returns: nil if it cannot, which is told.
  func startControl(
    on socket: Int32, group: UInt32, sessions: @escaping @Sendable () -> Int
  ) -> ControlService? {
    guard let desk = rooms.trace else { return nil }
    let (since, isolation, store) = (SystemClock().now, settings.effectiveIsolation, rooms.store)
    let service = ControlService(
      ControlRights(group: group), desk: desk, logger: rooms.logs.logger("mta.control"), on: rooms.group
    ) {
      let page = try? await store.list(QueueSelection(), after: nil, limit: ServiceCounts.mostMails)
      return ControlStatus(
        version: Self.version, process: Int(getpid()), isolation: "\(isolation)", since: since, sessions: sessions(),
        copies: page?.count, tracers: desk.count)
    }
    do throws(StartFailure) {
      try service.listen(on: socket)
      return service
    } catch {
      logger.error("operators cannot ask this server", metadata: ["reason": "\(error)"])
      return nil
    }
  }
}

/// The tap that shows dialogues to those who follow them: here, or in the queue process.
extension Rooms {
  func traceTap<Event>(_ line: @escaping @Sendable (Event) -> DialogueLine?) -> Observers<Event>.Tap? {
    if let link = house.link {
      return Observers.Tap(dialogueWhile: link.follows) { event in
        if let line = line(event) { link.tell(TracedLine(at: SystemClock().now, line)) }
      }
    }
    return trace.map { Self.traceTap($0, line) }
  }

  static func traceTap<Event>(
    _ desk: TraceDesk, _ line: @escaping @Sendable (Event) -> DialogueLine?
  ) -> Observers<Event>.Tap {
    Observers.Tap(dialogueWhile: desk.isFollowed) { event in if let line = line(event) { desk.tell(line) } }
  }
}
