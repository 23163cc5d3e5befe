import Logging
import MTACore
import MTATLS

/// Looks at the certificates each day, and warns of those that expire within two weeks.
struct CertificateWatch: Sendable {
  let clock: any WallClock
  let logger: Logger
  /// Waits a day. Throws when the server ends.
  var wait: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(86_400)) }

  /// Returns when the task is cancelled.
  ///
  /// - Parameter certificates: those that new connections get. A reload may have replaced them.
  func run(_ certificates: @Sendable () -> ServerCertificates?) async {
    while !Task.isCancelled {
      do { try await wait() } catch { return }
      look(at: certificates())
    }
  }

  func look(at certificates: ServerCertificates?) {
    for warning in certificates?.warnings(at: clock.now) ?? [] { logger.warning("\(warning)") }
  }
}

extension ServerCertificates {
  private static let soon: Int64 = 14 * 86_400

  /// A sentence for each certificate that is about to expire, has expired, or is not valid yet. It begins with the key, and names the
  /// file.
  func warnings(at now: Timestamp) -> [String] {
    // One that was made the default stands there twice.
    var seen: Set<String> = []
    return entries.filter { seen.insert($0.setting).inserted }.compactMap { entry in
      guard let validity = try? TLSSource.pem(entry.chain).validity() else { return nil }
      return Self.warning(validity, at: now.seconds).map { "\(entry.setting): \(entry.chainFile) \($0)" }
    }
  }

  /// Times are in seconds since 1970.
  static func warning(_ validity: TLSSource.Validity, at now: Int64) -> String? {
    func days(_ seconds: Int64) -> String { seconds / 86_400 == 1 ? "1 day" : "\(seconds / 86_400) days" }
    if now < validity.begin { return "is not valid yet, for another \(days(validity.begin - now))" }
    if now >= validity.end { return "expired \(days(now - validity.end)) ago" }
    return validity.end - now < soon ? "expires in \(days(validity.end - now))" : nil
  }
}
