import MTASystem
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a queue process asks its master, which has the rights for it.
enum ChildQuestion: Hashable, Sendable {
  /// The name of a user of this machine.
  case user(UInt32)
  /// A file of the drop folder, open for reading.
  case drop(DropName)

  init?(_ bytes: [UInt8]) {
    let words = bytes.split(separator: 32, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    guard words.count == 2 else { return nil }
    switch words[0] {
    case "who":
      guard let number = UInt32(words[1]), "\(number)" == words[1] else { return nil }
      self = .user(number)
    case "open":
      guard let name = DropName(words[1]) else { return nil }
      self = .drop(name)
    default: return nil
    }
  }

  var bytes: [UInt8] {
    switch self {
    case .user(let number): Array("who \(number)".utf8)
    case .drop(let name): Array("open \(name)".utf8)
    }
  }
}

/// What the master answers. An open file comes with it as a descriptor.
enum MasterAnswer: Sendable {
  case user(UInt32, String?)
  case drop(DropName, Result<OwnedDescriptor, DropDoor.Refusal>)

  init?(_ bytes: [UInt8], _ descriptor: OwnedDescriptor?) {
    let words = bytes.split(separator: 32, maxSplits: 2, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    switch (words.first, words.dropFirst().first, words.dropFirst(2).first) {
    case ("user", let number?, let name):
      guard let number = UInt32(number) else { return nil }
      self = .user(number, name)
    case ("opened", let name?, nil):
      guard let name = DropName(name), let descriptor else { return nil }
      self = .drop(name, .success(descriptor))
    case ("shut", let name?, let reason?):
      guard let name = DropName(name), let reason = DropDoor.Refusal(reason) else { return nil }
      self = .drop(name, .failure(reason))
    default: return nil
    }
  }

  var bytes: [UInt8] {
    switch self {
    case .user(let number, nil): Array("user \(number)".utf8)
    // Longer names are none of an address.
    case .user(let number, let name?): Array("user \(number) \(name)".utf8.prefix(512))
    case .drop(let name, .success): Array("opened \(name)".utf8)
    case .drop(let name, .failure(let reason)): Array("shut \(name) \(reason.word)".utf8)
    }
  }

  var descriptor: OwnedDescriptor? {
    if case .drop(_, .success(let file)) = self { file } else { nil }
  }

  var question: ChildQuestion {
    switch self {
    case .user(let number, _): .user(number)
    case .drop(let name, _): .drop(name)
    }
  }
}

extension DropDoor.Refusal {
  init?(_ word: String) {
    switch word {
    case "form": self = .form
    case "mode": self = .mode
    default:
      guard let code = Int32(word) else { return nil }
      self = .system(code)
    }
  }

  var word: String {
    switch self {
    case .form: "form"
    case .mode: "mode"
    case .system(let code): "\(code)"
    }
  }
}

/// The master's side: answers what it is asked. It blocks.
struct QuestionDesk: Sendable {
  let door: DropDoor?

  func answer(_ question: ChildQuestion) -> MasterAnswer {
    switch question {
    case .user(let number): .user(number, SystemAccount.entry(of: number)?.name)
    case .drop(let name): .drop(name, door?.open(name) ?? .failure(.system(ENOENT)))
    }
  }
}

/// The queue process's side: those that wait for an answer. A master that is becoming another program may lose a question, so none waits for
/// ever.
final class OpenQuestions: Sendable {
  static let patience = Duration.seconds(10)

  private struct Waiting {
    var number = 0
    var continuations: [Int: (ChildQuestion, CheckedContinuation<MasterAnswer?, Never>)] = [:]
  }

  private let waiting = NIOLockedValueBox(Waiting())

  /// - Parameter send: puts the question on its way.
  func ask(_ question: ChildQuestion, _ send: () -> Void) async -> MasterAnswer? {
    await withCheckedContinuation { continuation in
      let number = waiting.withLockedValue { waiting in
        waiting.number += 1
        waiting.continuations[waiting.number] = (question, continuation)
        return waiting.number
      }
      send()
      Task {
        try? await Task.sleep(for: Self.patience)
        let late = waiting.withLockedValue { $0.continuations.removeValue(forKey: number) }
        late?.1.resume(returning: nil)
      }
    }
  }

  /// One of those that asked gets it: an open file is one reader's.
  func give(_ answer: MasterAnswer) {
    let asker = waiting.withLockedValue { waiting in
      let first = waiting.continuations.filter { $0.value.0 == answer.question }.keys.min()
      return first.flatMap { waiting.continuations.removeValue(forKey: $0) }
    }
    asker?.1.resume(returning: answer)
  }
}
