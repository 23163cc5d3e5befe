#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `Bench [--rounds N] [NAME …]`: runs the groups whose name begins with one of the names, or all, and prints a table.
@main
enum Bench {
  typealias Group = (name: String, run: @Sendable (inout Harness) async throws -> Void)

  static let groups: [Group] = [
    ("framing", framing), ("commands", commands), ("session", sessions), ("headers", headers), ("dkim", dkim),
    ("signing", signing), ("inspection", inspection), ("dns", names), ("store", stores), ("queue", queues),
  ]

  static func main() async throws {
    var words = CommandLine.arguments.dropFirst()[...]
    var count = 9
    if words.first == "--rounds", let number = words.dropFirst().first.flatMap({ Int($0) }) {
      count = number
      words = words.dropFirst(2)
    }
    let rounds = count
    let names = Array(words)
    let chosen = groups.filter { group in names.isEmpty || names.contains { group.name.hasPrefix($0) } }
    guard !chosen.isEmpty else {
      print("Bench [--rounds N] [NAME …], of: \(groups.map(\.name).joined(separator: " "))")
      exit(64)
    }
    print(Conditions.text + "\n- rounds: \(rounds); processor time of the whole process\n")
    print(Row.heading)
    // Away from the main thread, on the pool on which servers run their tasks.
    try await Task.detached {
      var harness = Harness(rounds: rounds)
      for group in chosen { try await group.run(&harness) }
    }.value
  }
}
