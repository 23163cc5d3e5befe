/// The version of the way between receivers and the queue process. Both ends are the same program, so a version that differs is an
/// upgrade under way, and the link is refused.
package enum LinkVersion {
  package static let current: UInt8 = 4
}
