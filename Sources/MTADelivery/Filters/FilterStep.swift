import MTACore
import NIOCore

/// The effect of a filter's verdict on one local delivery.
enum FilterStep {
  enum Decision: Sendable {
    /// Goes on with this mail.
    case deliver(OutgoingMail)
    /// Ends here, with this result for every local recipient.
    case settle(RecipientResult)
    /// Ends here, with this result and without a report.
    case forget(RecipientResult)
    /// The parcels are held, for this reason: one printable line.
    case hold(String)
  }

  /// Asks the filter about a mail for its local recipients.
  static func apply(_ filter: any ContentFilter, to mail: OutgoingMail, for recipients: [Mailbox]) async -> Decision {
    let copy: OutgoingMail
    do { copy = try await mail.forFinalDelivery() } catch {
      return .settle(OutcomeClassifier.judge(.contentUnavailable("\(error)")))
    }
    let verdict = await filter.judge(FilteredMail(copy, to: recipients))
    switch verdict {
    case .pass(let fields):
      do {
        return .deliver(try await adding(fields, to: mail))
      } catch {
        return .settle(OutcomeClassifier.judge(.contentUnavailable("\(error)")))
      }
    case .reject(let reason): return .settle(OutcomeClassifier.judge(.filterRefused(reason)))
    case .defer(let reason): return .settle(OutcomeClassifier.judge(.filterDeferred(reason)))
    case .hold(let reason): return .hold(FilterText.line("held by the content filter: \(reason)", limit: 600))
    case .discard(let reason):
      let message = FilterText.line("2.7.1 discarded by the content filter: \(reason)", limit: 600)
      return .forget(RecipientResult(.delivered, message, status: .policy))
    }
  }

  /// Adds the fields to the copies. Fields that came with the mail and look like a filter's, however spelled, are left out; otherwise
  /// senders could write their own.
  private static func adding(_ fields: [HeaderEdit], to mail: OutgoingMail) async throws -> OutgoingMail {
    let forged = try await HeaderScan.fields(in: mail.form.content, of: mail.envelope.id) { field in
      field.mayBeNamed("X-Spam", andMore: true) || fields.contains { field.mayBeNamed($0.name) }
    }
    var mail = mail.leavingOut(forged)
    for field in fields { mail.filterFields.writeString(field.line) }
    return mail
  }
}
