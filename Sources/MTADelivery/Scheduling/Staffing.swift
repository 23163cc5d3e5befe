/// How the places for workers are taken.
enum Staffing: Hashable, Sendable {
  /// At most half are in use: a worker without mail may keep its connection for a moment.
  case spare
  /// More are in use, and no destination waits for want of one.
  case tight
  /// All are in use, and a destination with mail has none: workers make room.
  case short
}
