import NIOCore
import Testing

@testable import MTAReceiver

@Suite struct DialogueLineTests {
  /// R19: no spelling of AUTH, right or wrong, brings credentials into a log.
  @Test(arguments: [
    ("AUTH PLAIN c2VjcmV0", "AUTH PLAIN (credentials)"), ("auth plain c2VjcmV0", "AUTH plain (credentials)"),
    ("AUTH\tPLAIN\tc2VjcmV0", "AUTH PLAIN (credentials)"), ("AUTH PLAIN=c2VjcmV0", "AUTH PLAIN (credentials)"),
    ("AUTH  SCRAM-SHA-256  x", "AUTH SCRAM-SHA-256 (credentials)"),
    ("AUTHc2VjcmV0c2VjcmV0c2VjcmV0", "AUTH (credentials)"),
    ("AUTH PLAIN", "AUTH PLAIN"), ("AUTH", "AUTH"), ("NOOP \u{1B}[2J\u{7}", "NOOP ?[2J?"),
  ])
  func credentialsAreLeftOut(line: String, shown: String) {
    #expect(DialogueLine.printable(ByteBuffer(string: line + "\r\n")) == shown)
  }
}
