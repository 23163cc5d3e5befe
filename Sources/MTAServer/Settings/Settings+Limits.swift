import MTACore
import MTADelivery

/// How much is delivered at a time, and how fast.
extension Settings {
  func setLimits(of configuration: inout QueueRunner.Configuration) throws(StartFailure) {
    configuration.maximumDeliveries = maximumDeliveries
    configuration.destinationLimit = DestinationLimit(deliveries: deliveriesPerDestination)
    for (pattern, limit) in destinationLimits where !configuration.destinationLimits.set(limit, for: pattern) {
      throw StartFailure("destinationLimits: \(pattern) is no domain, .domain or *")
    }
  }
}
