/// How much one user or one client may send. Nil: as much as it likes.
///
/// An hour begins with the first mail and ends 60 minutes later, whatever comes meanwhile; then the next mail begins another. So within any
/// 60 minutes there may be twice the number at most: at the end of one hour, and at the begin of the next. A day is likewise.
public struct SendingLimits: Hashable, Sendable {
  /// Accepted MAIL commands.
  public var mailsPerHour: Int?
  public var mailsPerDay: Int?
  /// Accepted RCPT commands.
  public var recipientsPerHour: Int?
  public var recipientsPerDay: Int?

  public init(
    mailsPerHour: Int? = nil, recipientsPerHour: Int? = nil, mailsPerDay: Int? = nil, recipientsPerDay: Int? = nil
  ) {
    self.mailsPerHour = mailsPerHour
    self.recipientsPerHour = recipientsPerHour
    self.mailsPerDay = mailsPerDay
    self.recipientsPerDay = recipientsPerDay
  }

  package var isEmpty: Bool { self == SendingLimits() }
  package var countsRecipients: Bool { recipientsPerHour != nil || recipientsPerDay != nil }

  package func limit(of use: SendingUse, in span: LimitSpan) -> Int? {
    switch (use, span) {
    case (.mail, .hour): mailsPerHour
    case (.mail, .day): mailsPerDay
    case (.recipient, .hour): recipientsPerHour
    case (.recipient, .day): recipientsPerDay
    }
  }
}

/// The limits of all users who log in.
public struct UserLimits: Hashable, Sendable {
  /// Those of users who have none of their own.
  public var all = SendingLimits()
  /// Those of single users, whole, in place of ``all``.
  public var users: [LoginAccount: SendingLimits] = [:]

  public init(all: SendingLimits = SendingLimits(), users: [LoginAccount: SendingLimits] = [:]) {
    self.all = all
    self.users = users
  }

  package var countsRecipients: Bool { all.countsRecipients || users.values.contains { $0.countsRecipients } }
  package func limits(of user: LoginAccount) -> SendingLimits { users[user] ?? all }
}

/// What is asked for: a mail may begin, or have one recipient more.
package enum SendingUse: UInt8, Hashable, Sendable, CaseIterable {
  case mail, recipient
}

package enum LimitSpan: UInt8, Hashable, Sendable, CaseIterable {
  case hour, day

  package var length: Duration { self == .hour ? .seconds(3600) : .seconds(86_400) }
}

/// The answer to a ``SendingUse``.
package enum Allowance: Hashable, Sendable {
  /// It is counted.
  case granted
  /// There were as many as may be; so many minutes until more may come, at least 1.
  case limited(LimitSpan, minutes: Int64)
  /// An operator suspended the user.
  case suspended
  /// That cannot be found out now.
  case unknown
}

/// Which questions about ``Allowance`` a session asks at all.
package struct AllowanceQuestions: Hashable, Sendable {
  /// At MAIL of a user who logged in.
  package var userMails = false
  package var userRecipients = false
  package var clientMails = false
  package var clientRecipients = false

  package init() {}

  package init(users: UserLimits, clients: SendingLimits) {
    // A user may be suspended at any time.
    userMails = true
    userRecipients = users.countsRecipients
    clientMails = !clients.isEmpty
    clientRecipients = clients.countsRecipients
  }

  package func asks(_ use: SendingUse, in conversation: Conversation) -> Bool {
    // Users of this machine have limits of their own, by number.
    if self == AllowanceQuestions() || conversation.connection.localUser != nil { return false }
    switch (use, conversation.isAuthenticated) {
    case (.mail, true): return userMails
    case (.recipient, true): return userRecipients
    case (.mail, false): return clientMails && !conversation.connection.isFrontEnd
    case (.recipient, false): return clientRecipients && !conversation.connection.isFrontEnd
    }
  }
}
