import MTACore
import NIOCore

/// What a filter's verdict does to one local delivery.
enum FilterStep {
  enum Decision: Sendable {
    /// Goes on with this mail.
    case deliver(OutgoingMail)
    /// Ends here, with this result for every local recipient.
    case settle(RecipientResult)
    /// The same, and nobody is told.
    case forget(RecipientResult)
    /// The parcels are to be set aside, for this reason: one printable line.
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

  /// The copies get the fields. What came with the mail and may be read as a filter's word, however its name is spelled, is left out of
  /// them, or senders could write their own.
  private static func adding(_ fields: [HeaderEdit], to mail: OutgoingMail) async throws -> OutgoingMail {
    let forged = try await HeaderScan.fields(in: mail.form.content, of: mail.envelope.id) { field in
      field.mayBeNamed("X-Spam", andMore: true) || fields.contains { field.mayBeNamed($0.name) }
    }
    var mail = mail.leavingOut(forged)
    for field in fields { mail.filterFields.writeString(field.line) }
    return mail
  }
}
