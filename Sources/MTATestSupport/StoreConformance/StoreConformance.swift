public import MTACore

/// The contract of a store (`MessageStore` and `ParcelQueue` of MTACore), as checks that run on any: on those of this package, and on yours.
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
/// Each check begins with an empty store, and asks it only what the protocols say. A check that finds the contract broken throws
/// ``Broken`` with the sentence that does not hold; what the store throws where it may not comes through as it is.
public enum StoreConformance {
  public typealias Store = any MessageStore & ParcelQueue

  /// What every store promises.
  public static let checks = accepting + claiming + leasing + recording + reporting + sharing + extremes
  /// What a store promises that outlives its process; ``Subject/crash`` is needed for them.
  public static let crashChecks = crashing

  /// How a check comes by stores.
  public struct Subject: Sendable {
    /// Opens an empty store, whose lanes are those of `EnvelopeRecipient.firstLane`.
    public var open: @Sendable () async throws -> Store
    /// Leaves a store as a crash would, without closing it, and opens what is left; nil for a store that keeps nothing.
    public var crash: (@Sendable (Store) async throws -> Store)?
    /// Ends a store. Default: does nothing.
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
    /// What it looks at, such as `claiming: the oldest first`.
    public let name: String
    private let body: @Sendable (StoreTrial) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (StoreTrial) async throws -> Void) {
      self.name = name
      self.body = body
    }

    public var description: String { name }

    /// - Throws: ``Broken``, and what the store throws.
    public func run(on subject: Subject) async throws {
      let trial = StoreTrial(check: name, store: try await subject.open(), crash: subject.crash)
      do { try await body(trial) } catch {
        try? await subject.close(trial.store)
        throw error
      }
      try await subject.close(trial.store)
    }
  }

  /// What of the contract does not hold.
  public struct Broken: Error, Hashable, CustomStringConvertible {
    public let check: String
    public let rule: String

    public var description: String { "\(check): \(rule)" }
  }
}
