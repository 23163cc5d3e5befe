import Logging
import MTASystem

typealias ChildEnd = LaunchedProcess.End

/// What the master does with a process of its own.
protocol RunningProcess: Sendable {
  var id: Int32 { get }
  func signal(_ number: Int32)
  func onEnd(_ body: @escaping @Sendable (ChildEnd) -> Void)
}

extension LaunchedProcess: RunningProcess {}

/// A process that the master started, as the master sees it.
final class Child: Sendable {
  /// What the master learns of a child, in order.
  enum News: Sendable {
    case said(ChildWord, OwnedDescriptor?)
    case counted(ServiceCounts)
    case ended(ChildEnd)
  }

  let role: ProcessRole
  /// The settings that it serves by.
  let generation: Int
  /// Among the receivers of its generation.
  let place: Int
  let process: any RunningProcess
  let control: MessageSocket
  /// Where its log lines and its standard error arrive. Nil in tests.
  let pipes: Pipes?
  /// Where it counts. Nil where nobody asks.
  let page: MeterPage?
  /// Answers what it asks. Nil: it may ask nothing.
  let desk: QuestionDesk?

  struct Pipes: Sendable {
    let log: OwnedDescriptor
    let errors: OwnedDescriptor
  }

  init(
    _ role: ProcessRole, generation: Int, place: Int, process: any RunningProcess, control: MessageSocket,
    pipes: Pipes? = nil, page: MeterPage? = nil, desk: QuestionDesk? = nil
  ) {
    (self.role, self.generation, self.place) = (role, generation, place)
    (self.process, self.control, self.pipes) = (process, control, pipes)
    (self.page, self.desk) = (page, desk)
  }

  var number: Int32 { process.id }

  /// Tells of everything until the end, which comes last.
  func watch(_ tell: @escaping @Sendable (News) -> Void) {
    startThread { [control, process, desk] in
      while let message = control.receive() {
        // What it may not say is not heard.
        if let word = ChildWord(message.bytes) {
          tell(.said(word, message.descriptor))
        } else if let counts = ServiceCounts(message.bytes) {
          tell(.counted(counts))
        } else if let desk, let question = ChildQuestion(message.bytes) {
          // Here, and not among the master's events: the list of users may be slow.
          let answer = desk.answer(question)
          control.send(answer.bytes, passing: answer.descriptor?.number)
          withExtendedLifetime(answer) {}
        }
      }
      process.onEnd { tell(.ended($0)) }
    }
  }

  /// - Returns: false if it does not listen; then it is at its end, or stuck.
  @discardableResult
  func tell(_ word: MasterWord, passing descriptor: Int32? = nil) -> Bool {
    control.send(word.bytes, passing: descriptor)
  }
}

extension Child: CustomStringConvertible {
  var description: String { "\(role) \(number)" }
}

extension Master {
  /// For the log.
  static func facts(_ child: Child, _ end: ChildEnd) -> Logger.Metadata {
    ["role": "\(child.role)", "process": "\(child.number)", "end": "\(end)"]
  }
}
