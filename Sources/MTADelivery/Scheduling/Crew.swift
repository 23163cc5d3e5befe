/// Tasks under way, by number, that are waited for and can be sent away.
struct Crew: Sendable {
  private var hired = 0
  /// Nil for those whose task is being made.
  private(set) var tasks: [Int: Task<Void, Never>?] = [:]
  /// None may go on.
  private var isDismissed = false

  var isEmpty: Bool { tasks.isEmpty }

  mutating func hire() -> Int {
    hired += 1
    tasks.updateValue(nil, forKey: hired)
    return hired
  }

  /// The task of a number, unless it has ended already.
  /// - Returns: whether it is to be cancelled at once.
  mutating func started(_ number: Int, _ task: Task<Void, Never>) -> Bool {
    if tasks.keys.contains(number) { tasks[number] = .some(task) }
    return isDismissed
  }

  mutating func ended(_ number: Int) { tasks.removeValue(forKey: number) }

  /// - Returns: which to cancel. Not here: what a task does about it would find the lock taken.
  mutating func dismiss() -> [Task<Void, Never>] {
    isDismissed = true
    return tasks.values.compactMap(\.self)
  }
}
