import MTACore
import Testing

@testable import MTADelivery

struct JSONValueTests {
  @Test(arguments: [
    ("null", JSONValue.null), (" true\n", .flag(true)), ("false", .flag(false)), ("0", .number(0)),
    ("-0.5e+2", .number(-50)),
    ("1E3", .number(1000)), ("\"\"", .text("")), ("[]", .list([])), ("{}", .object([:])),
    ("[ 1 , [ ] ]", .list([.number(1), .list([])])),
    (#"{"a":{"b":[1,"x"]},"c":null}"#, .object(["a": .object(["b": .list([.number(1), .text("x")])]), "c": .null])),
    (#"{"a":1,"a":2}"#, .object(["a": .number(2)])),
    (#""\"\\\/\b\f\n\r\t\u00e9\u0000""#, .text("\"\\/\u{8}\u{c}\n\r\té\u{0}")), (#""\ud83d\ude00""#, .text("😀")),
    (#""\ud83dx\ude00""#, .text("\u{fffd}x\u{fffd}")), (#""\ud83d\u0041""#, .text("\u{fffd}A")), ("\"é\"", .text("é")),
  ])
  func values(_ text: String, _ value: JSONValue) {
    #expect(JSONValue(text.utf8) == value)
  }

  @Test(arguments: [
    "", " ", "nul", "nulll", "tru", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "nan", "Infinity", "1e999", "\"",
    "\"a",
    "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "\"a\u{0}b\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]",
    "]", "{",
    "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{}{}", "1 2", "'a'",
    "// x\n1",
  ])
  func noJSON(_ text: String) {
    #expect(JSONValue(text.utf8) == nil)
  }

  @Test func limits() {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(JSONValue(nested(JSONValue.maximumDepth).utf8) != nil)
    #expect(JSONValue(nested(JSONValue.maximumDepth + 1).utf8) == nil)
    #expect(JSONValue(String(repeating: "[", count: 1_000_000).utf8) == nil)
    #expect(JSONValue(String(repeating: "{\"a\":", count: 1_000_000).utf8) == nil)
    func list(_ count: Int) -> String { "[" + String(repeating: "1,", count: count - 1) + "1]" }
    #expect(JSONValue(list(JSONValue.maximumValues - 1).utf8) != nil)
    #expect(JSONValue(list(JSONValue.maximumValues).utf8) == nil)
    #expect(JSONValue(String(repeating: "1", count: 65).utf8) == nil)
  }

  /// Every beginning of a text is none.
  @Test func truncated() {
    let text = Array(#"{"a":[1.5,true,null,"x\u00e9\n"],"b":{"c":-1}}"#.utf8)
    #expect(JSONValue(text) != nil)
    for end in text.indices { #expect(JSONValue(text[..<end]) == nil) }
  }

  @Test func octetsThatAreNotUTF8AreRepaired() {
    #expect(JSONValue([0x22, 0xff, 0x41, 0xc3, 0x22]) == .text("\u{fffd}A\u{fffd}"))
  }
}
