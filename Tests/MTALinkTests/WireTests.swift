import MTACore
import NIOCore
import Testing

@testable import MTALink

struct WireTests {
  private static func decoder() -> LinkFrameDecoder { LinkFrameDecoder { _ in LinkLimits.commit } }

  @Test func everyMessageComesBack() throws {
    var samples = Samples(seed: 1)
    for _ in 0..<500 {
      for message in samples.messages() {
        var decoder = Self.decoder()
        decoder.append(message.frame(7))
        let frame = try #require(try decoder.next())
        #expect(frame.number == 7)
        #expect(try LinkMessage(frame) == message)
        #expect(try decoder.next() == nil)
      }
    }
  }

  @Test func framesAreFoundInPiecesOfAnySize() throws {
    var samples = Samples(seed: 2)
    for _ in 0..<50 {
      let messages = samples.messages()
      var wire = ByteBuffer()
      for message in messages { wire.writeImmutableBuffer(message.frame(1)) }
      var decoder = Self.decoder()
      var found: [LinkMessage] = []
      while wire.readableBytes > 0 {
        let length = min(wire.readableBytes, 1 + samples.number(below: 400))
        if let piece = wire.readSlice(length: length) { decoder.append(piece) }
        while let frame = try decoder.next() { found.append(try LinkMessage(frame)) }
      }
      #expect(found == messages)
      #expect(decoder.waiting == 0)
    }
  }

  @Test func noPartOfAMessageIsAMessage() throws {
    var samples = Samples(seed: 3)
    for message in samples.messages() {
      let frame = message.frame(1)
      guard case .commit = message else {
        var decoder = Self.decoder()
        decoder.append(frame)
        var whole = try #require(try decoder.next())
        whole.body.writeInteger(0 as UInt8)
        #expect(throws: LinkFault.self, "a byte too many: \(message)") { try LinkMessage(whole) }
        let short = whole.body.readableBytes - 2
        if short >= 0, let body = whole.body.getSlice(at: whole.body.readerIndex, length: short) {
          whole.body = body
          #expect(throws: LinkFault.self, "a byte too few: \(message)") { try LinkMessage(whole) }
        }
        continue
      }
    }
  }

  @Test func aNumberHasOneForm() throws {
    for octets: [UInt8] in [[0x80, 0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], [0x80]] {
      var decoder = LinkDecoder(ByteBuffer(bytes: octets))
      #expect(throws: LinkFault.self) { try decoder.number() }
    }
    for number in [0, 1, 127, 128, UInt64.max] {
      var encoder = LinkEncoder()
      encoder.write(number: number)
      var decoder = LinkDecoder(encoder.bytes)
      #expect(try decoder.number() == number)
    }
  }

  @Test func aFrameAboveItsLimitIsAFaultBeforeItIsThere() throws {
    var decoder = LinkFrameDecoder(limits: LinkLimits.ofReceiver)
    var head = ByteBuffer()
    head.writeInteger(UInt32(LinkLimits.control + LinkFrame.headBytes + 1))
    head.writeInteger(3 as UInt8)
    decoder.append(head)
    #expect(throws: LinkFault.large) { try decoder.next() }
    // For good.
    decoder.append(LinkMessage.answerTime.frame(1))
    #expect(throws: LinkFault.large) { try decoder.next() }
  }

  @Test func attributesDeeperThanAllowedAreAFault() throws {
    var samples = Samples(seed: 4)
    var envelope = samples.envelope()
    envelope.attributes["deep"] = (0..<100).reduce(.flag(true)) { value, _ in .list([value]) }
    var encoder = LinkEncoder()
    encoder.write(envelope)
    var decoder = LinkDecoder(encoder.bytes)
    #expect(throws: LinkFault.self) { try decoder.envelope() }
  }

  @Test func moreElementsThanAllowedAreAFaultBeforeThereIsMemoryForThem() throws {
    var encoder = LinkEncoder()
    encoder.write(count: LinkDecoder.maximumElements + 1)
    encoder.bytes.writeRepeatingByte(0, count: LinkDecoder.maximumElements + 1)
    var decoder = LinkDecoder(encoder.bytes)
    #expect(throws: LinkFault.self) {
      try decoder.list { (decoder) throws(LinkFault) in try decoder.flag() }
    }
  }
}
