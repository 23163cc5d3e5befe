#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `Bench [--rounds N] [NAME …]`: runs the groups whose name begins with one of the names, or all, and prints a table.
@main
enum Bench {
  typealias Group = (name: String, run: (inout Harness) async throws -> Void)

  static let groups: [Group] = [
    ("framing", framing), ("commands", commands), ("session", sessions), ("headers", headers), ("dkim", dkim),
    ("dns", names), ("store", stores),
  ]

  static func main() async throws {
    setvbuf(stdout, nil, _IOLBF, 0)
    var words = CommandLine.arguments.dropFirst()[...]
    var rounds = 9
    if words.first == "--rounds", let number = words.dropFirst().first.flatMap({ Int($0) }) {
      rounds = number
      words = words.dropFirst(2)
    }
    let chosen = groups.filter { group in words.isEmpty || words.contains { group.name.hasPrefix($0) } }
    guard !chosen.isEmpty else {
      fputs("Bench [--rounds N] [NAME …], of: \(groups.map(\.name).joined(separator: " "))\n", stderr)
      exit(64)
    }
    print(Conditions.text + "\n- rounds: \(rounds); processor time of the whole process\n")
    var harness = Harness(rounds: rounds)
    print(Row.heading)
    for group in chosen { try await group.run(&harness) }
  }
}
