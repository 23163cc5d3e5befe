import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What local submission asks of whoever may know: the lists of users, and files of others.
protocol SubmitDesk: Sendable {
  /// The name of a user; nil where the machine has none for the number.
  func name(of user: UInt32) async throws(NoAnswer) -> String?
  func open(_ name: DropName) async -> Result<OwnedDescriptor, DropDoor.Refusal>
}

/// Nobody answers who could know, as when a process is about to be replaced: another try will tell.
struct NoAnswer: Error {}

/// This process itself: a server of one process, or a command.
struct OwnDesk: SubmitDesk {
  let door: DropDoor?

  func name(of user: UInt32) async -> String? { await onThread { SystemAccount.entry(of: user)?.name } }

  func open(_ name: DropName) async -> Result<OwnedDescriptor, DropDoor.Refusal> {
    guard let door else { return .failure(.system(ENOENT)) }
    return await onThread { door.open(name) }
  }
}

/// The master: a queue process sees no list of users, and no files of others.
struct MasterDesk: SubmitDesk {
  let line: MasterLine

  func name(of user: UInt32) async throws(NoAnswer) -> String? {
    guard case .user(user, let name)? = await line.ask(.user(user)) else { throw NoAnswer() }
    return name
  }

  func open(_ name: DropName) async -> Result<OwnedDescriptor, DropDoor.Refusal> {
    guard case .drop(name, let answer)? = await line.ask(.drop(name)) else { return .failure(.system(ETIMEDOUT)) }
    return answer
  }
}

/// Remembers names for a minute: who writes many mails is looked up once.
actor UserNames {
  private static let patience: Int64 = 60_000
  private static let capacity = 10_000

  private let desk: any SubmitDesk
  private var names: [UInt32: (name: String?, until: MonotonicInstant)] = [:]

  init(_ desk: any SubmitDesk) { self.desk = desk }

  func name(of user: UInt32) async throws(NoAnswer) -> String? {
    let now = MonotonicInstant.now
    if let known = names[user], now < known.until { return known.name }
    let name = try await desk.name(of: user)
    if names.count >= Self.capacity { names = [:] }
    names[user] = (name, now.after(milliseconds: Self.patience))
    return name
  }
}

/// Does what blocks on a thread of its own.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
  await withCheckedContinuation { continuation in startThread { continuation.resume(returning: body()) } }
}
