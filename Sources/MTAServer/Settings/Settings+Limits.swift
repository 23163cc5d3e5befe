import MTACore
import MTADelivery

/// How much is delivered at a time, and how fast: read from the file.
extension Settings {
  mutating func readLimits(_ reader: inout SettingsReader) {
    reader.count("maximumDeliveries", 1...10_000, into: &maximumDeliveries)
    reader.count("deliveriesPerDestination", 1...10_000, into: &deliveriesPerDestination)
    let limits = reader.take(
      "destinationLimits", "an object of domains, each with an object of \"deliveries\" and \"interval\""
    ) { raw -> [String: DestinationLimit]? in
      guard case .map(let entries) = raw else { return nil }
      let limits = entries.compactMapValues(limit)
      return limits.count == entries.count && Self.arePatterns(limits.keys) ? limits : nil
    }
    if let limits { destinationLimits = limits }
  }

  private func limit(_ raw: AttributeValue) -> DestinationLimit? {
    guard case .map(let fields) = raw, Set(fields.keys).isSubset(of: ["deliveries", "interval"]) else { return nil }
    var limit = DestinationLimit(deliveries: deliveriesPerDestination)
    if let deliveries = fields["deliveries"] {
      guard case .integer(let number) = deliveries, (1...10_000).contains(number) else { return nil }
      limit.deliveries = Int(number)
    }
    if let interval = fields["interval"] {
      guard let seconds = SettingsReader.seconds(interval) else { return nil }
      limit.interval = seconds
    }
    return limit
  }

  func setLimits(of configuration: inout QueueRunner.Configuration) throws(StartFailure) {
    configuration.maximumDeliveries = maximumDeliveries
    configuration.destinationLimit = DestinationLimit(deliveries: deliveriesPerDestination)
    for (pattern, limit) in destinationLimits where !configuration.destinationLimits.set(limit, for: pattern) {
      throw StartFailure("destinationLimits: \(pattern) is no domain, .domain or *")
    }
  }
}
