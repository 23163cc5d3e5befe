import Testing

@testable import MTAServer

/// Members of a text are found, and changed where they stand.
@Suite struct JSONTextTests {
  private func changed(_ text: String, _ change: (inout JSONText, Range<Int>) throws -> Void) throws -> String {
    var json = try JSONText(Array(text.utf8))
    let table = json.members(of: json.object)?.first { $0.name == "t" }?.value ?? json.object
    try change(&json, table)
    _ = try JSONText(json.bytes)
    return String(decoding: json.bytes, as: UTF8.self)
  }

  @Test func membersAreFoundWhateverStandsInTexts() throws {
    let text = #" { "a\"}" : "x\\" ,"b":[1,{"c":"]}"}],"\u00e9":-1.5e3, "t" :{ } } "#
    let json = try JSONText(Array(text.utf8))
    let members = try #require(json.members(of: json.object))
    #expect(members.map(\.name) == ["a\"}", "b", "é", "t"])
    let values = members.map { String(decoding: json.bytes[$0.value], as: UTF8.self) }
    #expect(values == [#""x\\""#, #"[1,{"c":"]}"}]"#, "-1.5e3", "{ }"])
    #expect(json.text(members[0].value) == "x\\" && json.text(members[2].value) == nil)
    #expect(json.members(of: members[1].value) == nil)
    #expect(json.members(of: members[3].value) == [])
  }

  @Test(arguments: [
    (#"{"t": {"a": 1}}"#, #"{"t": {"a": 1, "n": 2}}"#),
    (#"{"t":{"a":1,"b":2}}"#, #"{"t":{"a":1,"b":2, "n": 2}}"#),
    (
      "{\n  \"t\": {\n    \"a\": 1\n  },\n  \"z\": 0\n}",
      "{\n  \"t\": {\n    \"a\": 1,\n    \"n\": 2\n  },\n  \"z\": 0\n}"
    ),
    ("{\n  \"t\": {}\n}\n", "{\n  \"t\": {\n    \"n\": 2\n  }\n}\n"),
    ("{\r\n\t\"t\": {\r\n\t\t\"a\": 1\r\n\t}\r\n}", "{\r\n\t\"t\": {\r\n\t\t\"a\": 1,\r\n\t\t\"n\": 2\r\n\t}\r\n}"),
    ("{}", "{\n  \"n\": 2\n}"),
  ])
  func aNewMemberHasTheFormOfTheLast(_ text: String, _ expected: String) throws {
    #expect(try changed(text) { $0.append("n", Array("2".utf8), to: $1) } == expected)
  }

  @Test(arguments: [
    (#"{"t": {"a": 1, "x": "},"}}"#, #"{"t": {"a": 1}}"#), (#"{"t": {"x": [1, 2], "b": 2}}"#, #"{"t": {"b": 2}}"#),
    ("{\"t\": {\n  \"a\": 1,\n  \"x\": {},\n  \"b\": 2\n}}", "{\"t\": {\n  \"a\": 1,\n  \"b\": 2\n}}"),
    ("{\"t\": {\n  \"x\": 1\n}}", "{\"t\": {}}"), (#"{"t": {"a": 1}}"#, #"{"t": {"a": 1}}"#),
  ])
  func aRemovedMemberLeavesTheOthersAsTheyAre(_ text: String, _ expected: String) throws {
    let result = try changed(text) { json, table in
      if let member = json.members(of: table)?.first(where: { $0.name == "x" }) { json.remove(member, from: table) }
    }
    #expect(result == expected)
  }

  @Test func textsAreQuotedAndReadBack() throws {
    for text in ["", "a/b", "\"\\\n\u{0}", "$y$j9T$x", "é\u{2028}"] {
      let json = try JSONText(Array("{\"t\": ".utf8) + JSONText.quoted(text) + [UInt8(ascii: "}")])
      let value = try #require(json.members(of: json.object)?.first?.value)
      #expect(json.text(value)?.utf8.elementsEqual(text.utf8) == true)
    }
  }

  @Test(arguments: ["", "[]", "{", #"{"a": 1,}"#, #"{"a": 1, "a": 2}"#])
  func whatIsNoObjectIsRefused(_ text: String) {
    #expect(throws: JSONCheck.Fault.self) { try JSONText(Array(text.utf8)) }
  }
}
