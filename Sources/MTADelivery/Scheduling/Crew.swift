/// Running tasks, by number. They can be waited for and dismissed.
struct Crew: Sendable {
  private var hired = 0
  /// Nil while the task is being made.
  private(set) var tasks: [Int: Task<Void, Never>?] = [:]
  /// All are dismissed: none may go on.
  private var isDismissed = false

  var isEmpty: Bool { tasks.isEmpty }

  mutating func hire() -> Int {
    hired += 1
    tasks.updateValue(nil, forKey: hired)
    return hired
  }

  /// Notes the task of a number, unless it has ended already.
  /// - Returns: whether it is to be cancelled at once.
  mutating func started(_ number: Int, _ task: Task<Void, Never>) -> Bool {
    if tasks.keys.contains(number) { tasks[number] = .some(task) }
    return isDismissed
  }

  mutating func ended(_ number: Int) { tasks.removeValue(forKey: number) }

  /// - Returns: the tasks to cancel. The caller cancels them, for a task's answer to that may need the lock.
  mutating func dismiss() -> [Task<Void, Never>] {
    isDismissed = true
    return tasks.values.compactMap(\.self)
  }
}
