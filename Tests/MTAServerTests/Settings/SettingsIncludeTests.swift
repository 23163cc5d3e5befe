import MTACore
import Testing

@testable import MTAServer

/// Settings in several files.
@Suite struct SettingsIncludeTests {
  private let folder = SettingsFolder()

  /// A file that includes others.
  private func write(_ name: String, including others: [String], _ more: String = "") throws {
    let list = others.map { "\"\($0)\"" }.joined(separator: ", ")
    try folder.write("{\"include\": [\(list)]\(more.isEmpty ? "" : ", " + more)}", to: name)
  }

  @Test func keysOfAllFilesCountAndPathsBeginAtTheirOwnFolder() throws {
    try write(
      "mta.json", including: ["users.json", "secret/keys.json"], #""serverName": "a.example", "logFile": "log""#)
    try folder.write(#"{"users": {"ann@a.example": "*"}}"#, to: "users.json")
    try write(
      "secret/keys.json", including: ["../filter.json", "./more.json"],
      #""dkim": {"a.example": {"selector": "s", "keyFile": "s.pem"}}"#)
    try folder.write(#"{"contentFilterPasswordFile": "filter.password"}"#, to: "filter.json")
    try folder.write(#"{"database": "/srv/mta.db", "mailQueue": "../queue"}"#, to: "secret/more.json")
    let settings = try folder.read()
    #expect(settings.users.keys.map(\.description) == ["ann@a.example"])
    #expect(settings.dkim.values.map(\.keyFile) == [folder["secret/s.pem"]])
    #expect(settings.contentFilterPasswordFile == folder["filter.password"])
    #expect(settings.logFile == folder["log"] && settings.database == "/srv/mta.db")
    #expect(settings.mailQueue == folder["queue"])
    // Each file, then those that it includes.
    let names = ["mta.json", "users.json", "secret/keys.json", "filter.json", "secret/more.json"]
    #expect(settings.reading.files == names.map { folder[$0] })
    #expect(settings.reading.origins["mailQueue"] == .file(folder["secret/more.json"]))
    #expect(settings.reading.origins["include"] == .file(folder["mta.json"]))
  }

  @Test func aKeyInTwoFilesIsAnErrorThatNamesBoth() throws {
    try write("mta.json", including: ["more.json"], #""serverName": "a.example", "reportBurst": 1"#)
    try folder.write(#"{"reportBurst": 1}"#, to: "more.json")
    let twice = ["reportBurst: stands in both \(folder["mta.json"]) and \(folder["more.json"])"]
    #expect(try folder.problems() == twice)
    // The command line replaces what counts of them, and that is unknown.
    #expect(try folder.problems(overriding: SettingsOverrides(arguments: ["reportBurst=2"])) == twice)
  }

  @Test func filesInACircleAreNamed() throws {
    try write("mta.json", including: ["b.json"], #""serverName": "a.example""#)
    try write("b.json", including: ["c.json"])
    try write("c.json", including: ["b.json", "mta.json"])
    #expect(
      try folder.problems() == [
        "include: \(folder["b.json"]) includes itself (in \(folder["c.json"]))",
        "include: \(folder["mta.json"]) includes itself (in \(folder["c.json"]))",
      ])
    try write("mta.json", including: ["./mta.json"], #""serverName": "a.example""#)
    #expect(try folder.problems() == ["include: \(folder["mta.json"]) includes itself (in \(folder["mta.json"]))"])
  }

  @Test func aFileThatIsIncludedTwiceIsNamed() throws {
    try write("mta.json", including: ["b.json", "c.json"], #""serverName": "a.example""#)
    try write("b.json", including: ["c.json"])
    try folder.write("{}", to: "c.json")
    #expect(try folder.problems() == ["include: \(folder["c.json"]) (in \(folder["mta.json"])): is included twice"])
  }

  @Test func depthHasABound() throws {
    func chain(_ last: Int) throws {
      try write("mta.json", including: ["1.json"], #""serverName": "a.example""#)
      for number in 1..<last { try write("\(number).json", including: ["\(number + 1).json"]) }
      try folder.write("{}", to: "\(last).json")
    }
    try chain(7)
    #expect(try folder.problems().isEmpty)
    try chain(8)
    let found = try folder.problems()
    #expect(
      found.count == 1 && found[0].hasPrefix("include: \(folder["8.json"]) (in \(folder["7.json"])): is one too many"))
  }

  @Test func theNumberOfFilesHasABound() throws {
    for number in 1...64 { try folder.write("{}", to: "\(number).json") }
    try write("mta.json", including: (1...63).map { "\($0).json" }, #""serverName": "a.example""#)
    #expect(try folder.problems().isEmpty)
    try write("mta.json", including: (1...64).map { "\($0).json" }, #""serverName": "a.example""#)
    let found = try folder.problems()
    #expect(found.count == 1 && found[0].hasPrefix("include: \(folder["64.json"]) (in "))
  }

  @Test func theSizeOfAllFilesTogetherHasABound() {
    let main = Array(#"{"serverName": "a.example", "include": ["more.json"]}"#.utf8)
    let more = [UInt8](repeating: 32, count: SettingsFiles.maximumBytes - main.count + 1)
    let files = SettingsFiles("/srv/mta.json", from: InheritedFiles(["/srv/mta.json": main, "/srv/more.json": more]))
    #expect(
      files.problems == [
        "include: /srv/more.json (in /srv/mta.json): all settings files may have 16777216 bytes together, and not more"
      ])
    #expect(files.reading.values["serverName"] == .text("a.example"))
  }

  @Test func aFileThatCannotBeReadIsNamed() throws {
    try write("mta.json", including: ["gone.json"], #""serverName": "a.example""#)
    let place = "include: \(folder["gone.json"]) (in \(folder["mta.json"]))"
    #expect(
      try folder.problems() == ["\(place): cannot be read: open \(folder["gone.json"]): No such file or directory"])
    let alone = SettingsFiles(folder["none.json"], from: InheritedFiles())
    #expect(
      alone.problems == ["the settings file cannot be read: open \(folder["none.json"]): No such file or directory"])
  }

  /// Foundation names no place, and the wrong file would be searched.
  @Test func faultsHaveThePlaceInTheirOwnFile() throws {
    try write(
      "mta.json", including: ["bad.json", "null.json", "value.json", "list.json"], #""serverName": "a.example""#)
    try folder.write("{\n  \"users\": {},\n}", to: "bad.json")
    try folder.write(#"{"logFile": null}"#, to: "null.json")
    try folder.write(#"{"reportBurst": 0, "nonsense": 1}"#, to: "value.json")
    try folder.write("[]", to: "list.json")
    let found = try folder.problems()
    #expect(found.count == 5)
    #expect(found[0].hasPrefix("\(folder["bad.json"]), line 2, column 14: no comma may stand before }"), "\(found)")
    #expect(found[1] == "logFile: null is not allowed (in \(folder["null.json"]))")
    #expect(found[2].hasPrefix("\(folder["list.json"]), line 1, column 1: "))
    #expect(
      found[3] == "reportBurst: must be a whole number from 1 to 1000000, not 0 (in \(folder["value.json"]))")
    #expect(found[4] == "nonsense: unknown setting (in \(folder["value.json"]))")
  }

  @Test(arguments: [#""x.json""#, "5", "[1]", #"[""]"#, "{}", #"["a\u0000"]"#])
  func otherFormsOfIncludeAreRefused(form: String) throws {
    try folder.write(#"{"serverName": "a.example", "include": \#(form)}"#)
    let found = try folder.problems()
    #expect(found.count == 1 && found[0].hasPrefix("include: must be a list of paths"), "\(found)")
  }

  @Test func noFilesAreIncludedByAnEmptyList() throws {
    try folder.write(#"{"serverName": "a.example", "include": []}"#)
    #expect(try folder.read().reading.files == [folder["mta.json"]])
  }

  @Test func aFileThatOthersCanChangeIsTold() throws {
    try folder.write(#"{"serverName": "a.example", "localDomains": ["a.example"], "include": ["more.json"]}"#)
    try folder.write("{}", to: "more.json", mode: 0o622)
    let path = folder["more.json"]
    #expect(
      try folder.read().warnings() == ["\(path) (mode 0622): others can change these settings; chmod go-w \(path)"])
  }
}
