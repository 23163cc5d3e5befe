public import MTACore

/// The contract of a store (`MessageStore` and `ParcelQueue` of MTACore), as checks. They run on the stores of this package, and on
/// yours.
///
/// ```swift
/// @Test(arguments: StoreConformance.checks + StoreConformance.crashChecks)
/// func keepsTheContract(_ check: StoreConformance.Check) async throws {
///   try await TemporaryFolder.using { folder in
///     let open: @Sendable () async throws -> StoreConformance.Store = {
///       try MailStore(MailStore.Configuration(database: folder + "/mta.db", queue: folder + "/queue"))
///     }
///     try await check.run(
///       on: StoreConformance.Subject(
///         open: open, crash: { _ in try await open() }, close: { await ($0 as? MailStore)?.close() }))
///   }
/// }
/// ```
///
/// Each check begins with an empty store and uses only the methods of the protocols. If the contract is broken, the check throws
/// ``Broken`` with the sentence that does not hold. Unexpected errors of the store are passed on.
public enum StoreConformance {
  public typealias Store = any MessageStore & ParcelQueue

  /// What every store promises.
  public static let checks = accepting + claiming + leasing + recording + reporting + sharing + extremes
  /// What a store that outlives its process promises. These checks need ``Subject/crash``.
  public static let crashChecks = crashing

  /// How a check gets stores.
  public struct Subject: Sendable {
    /// Opens an empty store whose lanes are those of `EnvelopeRecipient.firstLane`.
    public var open: @Sendable () async throws -> Store
    /// Opens a store anew without closing it first, as after a crash; nil for a store that lives in memory alone.
    public var crash: (@Sendable (Store) async throws -> Store)?
    /// Closes a store. Default: does nothing.
    public var close: @Sendable (Store) async throws -> Void

    public init(
      open: @escaping @Sendable () async throws -> Store, crash: (@Sendable (Store) async throws -> Store)? = nil,
      close: @escaping @Sendable (Store) async throws -> Void = { _ in }
    ) {
      self.open = open
      self.crash = crash
      self.close = close
    }
  }

  /// One part of the contract.
  public struct Check: Sendable, CustomStringConvertible {
    /// What it checks, such as `claiming: the oldest first`.
    public let name: String
    private let body: @Sendable (StoreTrial) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (StoreTrial) async throws -> Void) {
      self.name = name
      self.body = body
    }

    public var description: String { name }

    /// - Throws: ``Broken``, and errors of the store.
    public func run(on subject: Subject) async throws {
      let trial = StoreTrial(check: name, store: try await subject.open(), crash: subject.crash)
      do { try await body(trial) } catch {
        try? await subject.close(trial.store)
        throw error
      }
      try await subject.close(trial.store)
    }
  }

  /// The sentence of the contract that does not hold.
  public struct Broken: Error, Hashable, CustomStringConvertible {
    public let check: String
    public let rule: String

    public var description: String { "\(check): \(rule)" }
  }
}
