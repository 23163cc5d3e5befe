import Synchronization

/// Whether somebody follows dialogues now. Sessions look at it with each line, so looking is cheap: a relaxed load, which may see a change
/// a moment late.
package final class DialogueSwitch: Sendable {
  private let state = Atomic<Bool>(false)

  package init() {}

  package var isOn: Bool { state.load(ordering: .relaxed) }

  package func turn(_ isOn: Bool) { state.store(isOn, ordering: .relaxed) }
}
