/// How much there is to do: for the status line of a service manager.
struct ServiceCounts: Hashable, Sendable {
  var connections: Int
  /// In the queue, up to ``mostMails``. Nil: the store does not say.
  var copies: Int?

  static let mostMails = 1000

  func tell(_ notifier: ServiceNotifier) { notifier.tell(["STATUS=" + text]) }

  var text: String {
    let connections = "serving, connections: \(connections)"
    guard let copies else { return connections }
    return connections + ", in the queue: \(copies)\(copies < Self.mostMails ? "" : " or more")"
  }
}

/// As the queue process tells the master: `counts 17 3`.
extension ServiceCounts {
  private static let word = "counts"

  var bytes: [UInt8] {
    Array("\(Self.word) \(connections)\(copies.map { " \($0)" } ?? "")".utf8)
  }

  /// Nil for anything else. Numbers are believed, for they are shown and no more.
  init?(_ bytes: [UInt8]) {
    let words = bytes.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard (2...3).contains(words.count), words[0].elementsEqual(Self.word.utf8) else { return nil }
    let numbers = words.dropFirst().map { Self.number($0) }
    guard let connections = numbers.first ?? nil, !numbers.contains(nil) else { return nil }
    self.init(connections: connections, copies: numbers.count > 1 ? numbers[1] : nil)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...9).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
  }
}
