import MTACore
import MTADelivery
import MTASystem

/// Counts deliveries, reports and durable writes.
struct DeliveryMeters: Sendable {
  private let meters: Meters
  private let table = MeterTable.own

  init(_ meters: Meters) { self.meters = meters }

  var tap: Observers<DeliveryNews>.Tap {
    Observers.Tap { news in
      switch news {
      case .attempted(let outcome): note(outcome)
      case .reported(let report): meters.add(table.reports, Self.place(of: report.outcome))
      case .committed(let commit): note(commit)
      case .said: break
      }
    }
  }

  func note(_ commit: StoreCommit) {
    meters.record(table.commitTime, time: commit.duration)
    meters.record(table.commitMails, value: commit.mails)
    meters.add(table.commitWrites, by: commit.writes)
  }

  private func note(_ outcome: DeliveryEvent.Outcome) {
    // `expired` stands behind `failed`.
    let place = outcome.isExpired ? 3 : outcome.outcome == .held ? 4 : Self.place(of: outcome.outcome)
    meters.add(table.deliveries, place, Self.phase(of: outcome), MeterWords.place(ofTLS: outcome.tls?.version))
    if outcome.duration > .zero { meters.record(table.deliveryTime, time: outcome.duration) }
    if outcome.outcome == .delivered { meters.record(table.deliveryAge, time: outcome.age) }
  }

  private static func place(of outcome: DeliveryOutcome) -> Int {
    switch outcome {
    case .delivered: 0
    case .deferred: 1
    case .failed, .held: 2
    }
  }

  /// A place of ``MeterWords/phases``.
  private static func phase(of outcome: DeliveryEvent.Outcome) -> Int {
    if outcome.reply != nil { return 2 }
    if outcome.host != nil { return 1 }
    return outcome.destination == "local" ? 3 : 0
  }
}
