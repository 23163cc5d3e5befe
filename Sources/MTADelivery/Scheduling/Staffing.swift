/// How many places for workers are in use.
enum Staffing: Hashable, Sendable {
  /// At most half are in use: a worker without mail may keep its connection for a moment.
  case spare
  /// More are in use, but each destination with mail has a worker.
  case tight
  /// All are in use, and a destination with mail has none. Workers make room.
  case short
}
