import NIOCore
import Testing

@testable import MTADelivery

struct SpamdAnswerTests {
  /// The answer in pieces; nil when it is not complete at its end.
  private func read(_ pieces: [String]) throws(FilterTrouble) -> FilterOpinion? {
    var reader = SpamdAnswerReader()
    for (index, piece) in pieces.enumerated() {
      if let opinion = try reader.receive(ByteBuffer(string: piece)) {
        #expect(index == pieces.count - 1)
        return opinion
      }
    }
    return nil
  }

  private static let answer =
    "SPAMD/1.1 0 EX_OK\r\nContent-length: 17\r\nSpam: True ; 1000.5 / 5.0\r\nX-Other: y\r\n\r\nGTUBE, A_B-c.1,Ä"
  private static let opinion = FilterOpinion(
    points: 1000.5, required: 5, action: .mark(subject: nil),
    tests: ["GTUBE", "A_B-c.1", "__"].map { FilterOpinion.Test(name: $0) })

  @Test func glued() throws {
    #expect(try read([Self.answer]) == Self.opinion)
  }

  @Test func dripping() throws {
    // Octet by octet would part a character of two.
    #expect(try read(Self.answer.unicodeScalars.map { String($0) }) == Self.opinion)
  }

  @Test(arguments: 1..<answer.utf8.count)
  func split(at place: Int) throws {
    let octets = Array(Self.answer.utf8)
    var reader = SpamdAnswerReader()
    #expect(try reader.receive(ByteBuffer(bytes: octets[..<place])) == nil)
    #expect(try reader.receive(ByteBuffer(bytes: octets[place...])) == Self.opinion)
  }

  @Test(arguments: [
    ("False ; 0.0 / 5.0", 0.0, 5.0), ("No ; -12.345 / 5", -12.345, 5), ("False ; -0.1 / 99999.9", -0.1, 99_999.9),
  ])
  func ham(_ field: String, _ points: Double, _ required: Double) throws {
    let opinion = try read(["SPAMD/1.5 0 EX_OK\r\nspam: \(field)\r\nCONTENT-LENGTH: 0\r\n\r\n"])
    #expect(opinion == FilterOpinion(points: points, required: required, action: .deliver, tests: []))
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK", "SPAMD/1.1", "SPAMD/1.1 x EX_OK", "SPAMD/1.1 +0 EX_OK", "SPAMD/1.1 99999 EX_OK", "",
    "SPAMD/1.1 0 EX_OK\r\nno colon", "SPAMD/1.1 0 EX_OK\r\nContent-length: -1",
    "SPAMD/1.1 0 EX_OK\r\nContent-length: +1",
    "SPAMD/1.1 0 EX_OK\r\nContent-length: 1 2", "SPAMD/1.1 0 EX_OK\r\nContent-length:",
    "SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nContent-length: 0", "SPAMD/1.1 0 EX_OK\r\nSpam: True",
    "SPAMD/1.1 0 EX_OK\r\nSpam: Perhaps ; 1.0 / 5.0", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; nan / 5.0",
    "SPAMD/1.1 0 EX_OK\r\nSpam: True ; inf / 5.0", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 1e3 / 5.0",
    "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 0x1p3 / 5.0", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 100000 / 5.0",
    "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 1. / 5.0", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; .5 / 5.0",
    "SPAMD/1.1 0 EX_OK\r\nSpam: True ; -- / 5.0", "SPAMD/1.1 0 EX_OK\r\nSpam: True , 1.0 / 5.0",
    "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 1.0 / 5.0\r\nSpam: False ; 1.0 / 5.0", "SPAMD/1.1 0 EX_OK\r\n",
    "SPAMD/1.1 0 EX_OK\nSpam: True ; 1.0 / 5.0\nContent-length: 0\n",
  ])
  func malformed(_ answer: String) {
    do {
      let opinion = try read([answer + "\r\n\r\n"])
      Issue.record("\(answer) was read as \(String(describing: opinion))")
    } catch {
      guard case .malformed = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func aLineAndAHeaderHaveTheirLimits() {
    let start = "SPAMD/1.1 0 EX_OK\r\n"
    #expect(throws: FilterTrouble.malformed("a line is too long")) {
      try read([start + "X: " + String(repeating: "x", count: 2000) + "\r\n"])
    }
    #expect(throws: FilterTrouble.malformed("too many lines")) {
      try read([start + String(repeating: "X: y\r\n", count: 50)])
    }
    #expect(throws: FilterTrouble.tooLong) { try read([start + "Content-length: 65537\r\n"]) }
  }

  @Test func aRefusalKeepsTheServersWordsForTheLog() {
    #expect(throws: FilterTrouble.refused("SPAMD/1.0 76 Bad ?[1m")) {
      try read(["SPAMD/1.0 76 Bad \u{1b}[1m\r\n"])
    }
    #expect("\(FilterTrouble.refused("Bad \u{1b}[1m"))" == "the filter failed: Bad ?[1m")
  }
}
