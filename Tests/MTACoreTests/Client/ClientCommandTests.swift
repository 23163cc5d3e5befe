import MTACore
import NIOCore
import Testing

struct ClientCommandTests {
  static func wire(_ command: ClientCommand) -> String {
    var buffer = ByteBuffer()
    command.encode(into: &buffer)
    return String(buffer: buffer)
  }

  @Test func commandsAsOnTheWire() throws {
    #expect(
      Self.wire(.mail(.null, parameters: ["SIZE=5", "BODY=8BITMIME"])) == "MAIL FROM:<> SIZE=5 BODY=8BITMIME\r\n")
    let quoted = Mailbox("\"john smith\"@[IPv6:2001:db8::1]")
    #expect(Self.wire(.rcpt(quoted)) == "RCPT TO:<\"john smith\"@[IPv6:2001:db8::1]>\r\n")
    #expect(Self.wire(.lhlo("us.example")) == "LHLO us.example\r\n")
  }

  /// The example of RFC 4954 §4.1.
  @Test func plainCredentials() {
    let command = ClientCommand.authPlain(Credentials(authorizationID: "test", username: "test", password: "1234"))
    #expect(Self.wire(command) == "AUTH PLAIN dGVzdAB0ZXN0ADEyMzQ=\r\n")
    #expect(command.description == "AUTH PLAIN ***")
    #expect(!ClientCommand.isEncodable(Credentials(username: "a\u{0}b", password: "p")))
  }

  @Test func chunksAndLogin() {
    #expect(Self.wire(.bdat(octets: 12, isLast: false)) == "BDAT 12\r\n")
    #expect(Self.wire(.bdat(octets: 0, isLast: true)) == "BDAT 0 LAST\r\n")
    #expect(Self.wire(.authResponse("se\r\ncret")) == "c2UNCmNyZXQ=\r\n")
    #expect(ClientCommand.authResponse("secret").description == "***")
  }

  @Test func parameterValues() {
    #expect(ClientCommand.isEncodable("rfc822;a+2Bb@c", limit: 20))
    for value in ["a b", "a=b", "a\r\nRCPT", "ä", "a\u{7F}"] { #expect(!ClientCommand.isEncodable(value, limit: 20)) }
    #expect(!ClientCommand.isEncodable("aaa", limit: 2))
  }
}
