/// The limits for logins: how many tries are checked, and how long the answers to wrong ones are delayed.
///
/// Only time forgives a refused login. It counts by address and by account, and is not a violation of the contact rule (R3).
public struct LoginPolicy: Hashable, Sendable {
  /// Tries of one address that are checked in a minute (IPv6: of one /64; a /48 has ten times as many). Successful logins do not count.
  /// Default 10; less than 1 counts as 1.
  public var triesPerMinute = 10 {
    didSet { triesPerMinute = max(1, triesPerMinute) }
  }
  /// Refused logins of one account in an hour. Beyond that, networks without a login to it within ``networkMemory`` get 454 unchecked,
  /// except for one try a minute. Default 20; less than 1 counts as 1.
  public var refusalsPerHour = 20 {
    didSet { refusalsPerHour = max(1, refusalsPerHour) }
  }
  /// How long after a login its network is known to the account. Default 30 days.
  public var networkMemory = Duration.seconds(2_592_000)

  public init() {}

  /// How long refusals make the next ones wait.
  static let refusalMemory = Duration.seconds(3600)
  /// How long a try waits until it may be checked; then it is answered 454.
  static let patience = Duration.seconds(30)
  /// Tries of one address that wait.
  static let maximumWaiting = 10
  /// What the answers that an address is waiting for may take, so that a further try of it is checked.
  static let maximumAhead = Duration.seconds(30)
  /// Tries a minute that a network has for an account that logged in from there, whatever else comes from it.
  static let ownTriesPerMinute = 3
  /// An answer is held back no longer, whatever stands before it.
  static let longestHold = Duration.seconds(90)

  /// How long the answer to an address's nth refusal is held back: 1, 2, 4, … at most 30 seconds.
  static func delay(ofRefusal number: Int) -> Duration {
    switch number {
    case ..<1: .zero
    case 1...5: .seconds(1 << (number - 1))
    default: .seconds(30)
    }
  }
}
