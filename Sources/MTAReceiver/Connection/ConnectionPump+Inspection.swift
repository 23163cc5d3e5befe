import Logging
import MTACore
import MTASystem

/// What inspectors find of a mail that has arrived.
extension ConnectionPump {
  /// Header sections up to this are judged on the loop: it takes less than a change of threads.
  private static let shortHeader = 16_384
  /// Processor time that the judgement of a longer one may take.
  private static let inspectionBound: Duration = .seconds(10)

  func finish(_ inspector: any ContentInspector) async -> [AuthenticationResult] {
    let clock = environment.clock
    guard session.headerBytes > Self.shortHeader else {
      var inspector = inspector
      return await inspector.finish(at: clock.now)
    }
    do {
      return try await WorkBench.shared.run(within: Self.inspectionBound) {
        var inspector = inspector
        return await inspector.finish(at: clock.now)
      }
    } catch {
      environment.logger.warning(
        "a mail's signatures were not verified",
        metadata: ["id": "\(session.conversation.mailID?.description ?? "none")", "reason": "\(error)"])
      // RFC 8601 §2.7.1: it may be found out another time.
      return [AuthenticationResult(method: "dkim", result: "temperror", reason: "verification took too long")]
    }
  }
}
