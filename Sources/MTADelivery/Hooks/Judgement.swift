import Logging
import MTACore

/// Asks the delivery hooks within their budget, and answers for a hook that fails. Without hooks everything proceeds.
struct Judgement: Sendable {
  private let hooks: (any DeliveryHooks)?
  private let budget: Duration
  private let pacer: Pacer
  private let logger: Logger

  init(_ environment: DeliveryEnvironment) {
    hooks = environment.configuration.hooks
    budget = environment.configuration.hookBudget
    pacer = environment.pacer
    logger = environment.logger
  }

  var isNeeded: Bool { hooks != nil }

  /// An answer for each parcel, in order. All are asked at once, so a mail takes one budget at most.
  func routes(_ parcels: [Parcel], of envelope: Envelope) async -> [(Parcel, RoutingVerdict)] {
    await each(parcels) { await route($0, of: envelope) }
  }

  /// An answer for each result, in order.
  func attempted(_ results: [(Parcel, RecipientResult)], of job: DeliveryJob) async -> [OutcomeVerdict] {
    guard hooks != nil else { return results.map { _ in .proceed } }
    return await each(results) { await attempted($0.0, $0.1, of: job) }.map(\.1)
  }

  private func each<Subject: Sendable, Verdict: Sendable>(
    _ subjects: [Subject], _ ask: @escaping @Sendable (Subject) async -> Verdict
  ) async -> [(Subject, Verdict)] {
    await withTaskGroup(of: (Int, Verdict).self) { group in
      for (index, subject) in subjects.enumerated() { group.addTask { (index, await ask(subject)) } }
      var verdicts: [Int: Verdict] = [:]
      for await (index, verdict) in group { verdicts[index] = verdict }
      return subjects.enumerated().compactMap { index, subject in verdicts[index].map { (subject, $0) } }
    }
  }

  private func route(_ parcel: Parcel, of envelope: Envelope) async -> RoutingVerdict {
    guard let hooks else { return .proceed }
    return await ask("route", envelope.id) { try await hooks.route(parcel, of: envelope) }
      ?? .delay(.seconds(60), "the hook failed or was too late")
  }

  /// The result of a job without an attempt; nil: attempt it.
  func attempt(_ job: DeliveryJob, at now: Timestamp) async -> Attempt? {
    if let by = job.source.envelope.requests.deliverBy, by.mode == .return, now >= by.deadline {
      // RFC 2852 §4.1.1: by-mode R wants the mail back rather than late.
      let late = RecipientResult(.deferred, "the time that the sender gave it is over")
      return Attempt(Array(repeating: OutcomeClassifier.expired(late), count: job.parcels.count))
    }
    guard let hooks else { return nil }
    let delivery = PendingDelivery(job)
    let verdict =
      await ask("attempt", job.source.envelope.id) { try await hooks.attempt(delivery) }
      ?? .delay(.seconds(60), "the hook failed or was too late")
    return Ruling(verdict).map { Attempt($0, for: job.parcels.count) }
  }

  private func attempted(_ parcel: Parcel, _ result: RecipientResult, of job: DeliveryJob) async -> OutcomeVerdict {
    guard let hooks, result.outcome == .deferred || result.outcome == .failed else { return .proceed }
    let delivery = PendingDelivery(job)
    return await ask("attempted", job.source.envelope.id) { try await hooks.attempted(parcel, result, of: delivery) }
      ?? .proceed
  }

  func report(_ report: PendingReport) async -> ReportVerdict {
    guard let hooks else { return .proceed }
    return await ask("report", report.envelope.id) { try await hooks.report(report) } ?? .proceed
  }

  /// Nil when the hook threw, or was late and cancelled. A hook that ignores that is abandoned.
  private func ask<Verdict: Sendable>(
    _ name: String, _ mail: MailID, _ question: @escaping @Sendable () async throws -> Verdict
  ) async -> Verdict? {
    let (budget, pacer) = (budget, pacer)
    let (answers, answer) = AsyncStream.makeStream(
      of: Result<Verdict, any Error>.self, bufferingPolicy: .bufferingOldest(1))
    let asking = Task {
      do { answer.yield(.success(try await question())) } catch { answer.yield(.failure(error)) }
    }
    let timer = Task {
      do { try await pacer.wait(budget, .hook) } catch { return }
      answer.yield(.failure(HookIsLate()))
    }
    defer {
      asking.cancel()
      timer.cancel()
    }
    var first = answers.makeAsyncIterator()
    do {
      return try await first.next()?.get()
    } catch {
      logger.warning(
        "a delivery hook failed",
        metadata: [
          "hook": "\(name)", "how": error is HookIsLate ? "late" : "threw", "error": "\(error)", "id": "\(mail)",
        ])
      return nil
    }
  }

  private struct HookIsLate: Error, CustomStringConvertible {
    var description: String { "too late" }
  }
}

extension PendingDelivery {
  init(_ job: DeliveryJob) {
    self.init(envelope: job.source.envelope, parcels: job.parcels, destination: "\(job.destination)")
  }
}

extension Attempt {
  /// A hook's decision in place of an attempt.
  init(_ ruling: Ruling, for count: Int) {
    let result =
      switch ruling {
      case .hold(let reason): RecipientResult(.held, "held: " + Self.printable(reason))
      case .delay(_, let reason): RecipientResult(.deferred, "delayed: " + Self.printable(reason))
      case .fail(let reason): RecipientResult(.failed, "5.7.1 " + Self.printable(reason), status: .policy)
      case .drop(let reason): RecipientResult(.failed, "dropped: " + Self.printable(reason))
      }
    self.init(Array(repeating: result, count: count))
    self.ruling = ruling
  }

  /// A hook's words may quote a peer's.
  static func printable(_ text: String) -> String {
    String(decoding: text.utf8.prefix(512).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
