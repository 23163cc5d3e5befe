/// Whose mails are counted: a user's who logged in, or else the client's.
package enum LimitKey: Hashable, Sendable, CustomStringConvertible {
  case user(LoginAccount)
  case client(ContactKey)

  /// The form in a store: the bytes of the name behind a word.
  package var description: String {
    switch self {
    case .user(let account): "user:\(account)"
    case .client(let key): "client:\(key)"
    }
  }

  package init?(stored text: String) {
    func rest(behind word: String) -> String? {
      guard text.utf8.starts(with: word.utf8) else { return nil }
      return String(decoding: text.utf8.dropFirst(word.utf8.count), as: UTF8.self)
    }
    if let account = rest(behind: "user:").flatMap({ LoginAccount($0) }) {
      self = .user(account)
    } else if let network = rest(behind: "client:") {
      self = .client(ContactKey(stored: network))
    } else {
      return nil
    }
  }

  /// As operators write it.
  package var name: String {
    switch self {
    case .user(let account): account.description
    case .client(let key): key.description
    }
  }
}

/// What was counted in one hour, or one day, of a ``LimitKey``.
package struct LimitWindow: Hashable, Sendable {
  package var began: Timestamp
  package var mails: Int
  package var recipients: Int

  package init(began: Timestamp, mails: Int = 0, recipients: Int = 0) {
    self.began = began
    self.mails = max(0, mails)
    self.recipients = max(0, recipients)
  }

  package func isOver(_ span: LimitSpan, at now: Timestamp) -> Bool {
    // A clock that was set back begins another one, too.
    now < began || now >= began + span.length
  }

  package func count(of use: SendingUse) -> Int { use == .mail ? mails : recipients }

  fileprivate mutating func add(_ use: SendingUse) {
    switch use {
    case .mail: mails = mails.addingReportingOverflow(1).overflow ? .max : mails + 1
    case .recipient: recipients = recipients.addingReportingOverflow(1).overflow ? .max : recipients + 1
    }
  }
}

/// All that is counted of one key.
package struct LimitRecord: Hashable, Sendable {
  package var key: LimitKey
  package var hour: LimitWindow
  package var day: LimitWindow

  package init(_ key: LimitKey, hour: LimitWindow, day: LimitWindow) {
    self.key = key
    self.hour = hour
    self.day = day
  }

  /// Nothing is counted yet.
  package init(_ key: LimitKey, at now: Timestamp) {
    self.init(key, hour: LimitWindow(began: now), day: LimitWindow(began: now))
  }

  package func window(_ span: LimitSpan) -> LimitWindow { span == .hour ? hour : day }

  /// Counts one more, unless a limit is reached. Then nothing is counted.
  ///
  /// - Returns: nil if it was counted; else the span whose end must be waited for, and that end. Of both spans the one that ends later.
  package mutating func count(
    _ use: SendingUse, _ limits: SendingLimits, at now: Timestamp
  ) -> (span: LimitSpan, until: Timestamp)? {
    if hour.isOver(.hour, at: now) { hour = LimitWindow(began: now) }
    if day.isOver(.day, at: now) { day = LimitWindow(began: now) }
    var refusal: (span: LimitSpan, until: Timestamp)?
    for span in LimitSpan.allCases {
      guard let limit = limits.limit(of: use, in: span), window(span).count(of: use) >= limit else { continue }
      let end = window(span).began + span.length
      if refusal.map({ $0.until < end }) ?? true { refusal = (span, end) }
    }
    if let refusal { return refusal }
    hour.add(use)
    day.add(use)
    return nil
  }

  /// Whether it says anything at this time.
  package func isOver(at now: Timestamp) -> Bool { hour.isOver(.hour, at: now) && day.isOver(.day, at: now) }
}
