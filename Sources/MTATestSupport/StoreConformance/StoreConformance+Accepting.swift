import MTACore
import NIOCore

extension StoreConformance {
  static let accepting: [Check] = [
    Check("accepting: a mail with a receipt is there whole") { trial in
      for size in [0, 1, 1000, 200_000] {
        let recipients = [
          try trial.recipient("b@remote.example"), try trial.recipient(#""c d"@here.example"#, .local),
          try trial.recipient("e@bücher.example"),
        ]
        let envelope = try trial.envelope(to: recipients)
        // Every octet there is, in pieces that end anywhere.
        let octets = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let pieces = stride(from: 0, to: size, by: 7001).map { ByteBuffer(bytes: octets[$0..<min(size, $0 + 7001)]) }
        try await trial.commit(envelope, [ByteBuffer()] + pieces)
        let mail = try await trial.claimOne()
        try trial.expect(mail.envelope == envelope, "the envelope comes back as it was committed")
        try trial.expect(
          mail.parcels.map(\.recipient) == recipients, "there is one parcel a recipient, in the envelope's order")
        for parcel in mail.parcels {
          try trial.expect(parcel.mailID == envelope.id, "a parcel knows its mail")
          try trial.expect(parcel.attempts == 0 && parcel.warnedAt == nil, "no attempt was made yet")
          try trial.expect(parcel.createdAt == envelope.receivedAt, "a parcel is as old as its mail")
          try trial.expect(parcel.expiresAt > parcel.createdAt, "it expires later")
          try trial.expect(parcel.lane == parcel.recipient.firstLane, "its lane is its recipient's first")
        }
        let content = try await trial.content(of: envelope.id)
        try trial.expect(content == ByteBuffer(bytes: octets), "content comes back byte for byte (\(size) bytes)")
        let trace = try await trial.store.content(of: envelope.id).trace
        try trial.expect(trace == ByteBuffer(string: "Received: y\r\n"), "so do the trace fields")
        let results = mail.parcels.map { ParcelResult($0.id, .delivered, message: "250 ok") }
        try await trial.store.record(results, by: trial.me, at: trial.noon)
      }
    },
    Check("accepting: a mail without a receipt is not there") { trial in
      let envelope = try trial.envelope()
      let spool = try await trial.store.begin(envelope.id)
      try await spool.append(ByteBuffer(string: "half"))
      try trial.expect(try await trial.claim().isEmpty, "a mail that still arrives is not due")
      await spool.abandon()
      try trial.expect(try await trial.claim().isEmpty, "a mail that was abandoned is not due")
      try trial.expect(try await trial.store.nextDue() == nil, "nor does it wait")
      // Its id was never used.
      try await trial.commit(envelope)
      try trial.expect(try await trial.claim().ids == [envelope.id], "its id can be used for another")
    },
    Check("accepting: an id is accepted once") { trial in
      let envelope = try trial.envelope()
      try await trial.commit(envelope, [ByteBuffer(string: "first")])
      try await trial.expectRefusal("a second mail of the same id is refused") {
        try await trial.commit(envelope, [ByteBuffer(string: "second")])
      }
      try trial.expect(try await trial.claim().addresses.count == 1, "there is one parcel")
      try trial.expect(
        try await trial.content(of: envelope.id) == ByteBuffer(string: "first"), "the first mail stays as it was")
    },
    Check("accepting: what is not to be delivered is not handed out") { trial in
      let recipients = [try trial.recipient("a@here.example", .none), try trial.recipient("b@here.example", .local)]
      try await trial.commit(try trial.envelope(to: recipients))
      try await trial.commit(try trial.envelope(to: [recipients[0]]))
      let mails = try await trial.claim()
      try trial.expect(mails.addresses == ["b@here.example"], "a copy of delivery none is kept as a record")
      try trial.expect(mails.first?.envelope.recipients.count == 2, "the envelope names all recipients")
    },
    Check("accepting: what a hook holds is not due") { trial in
      var held = try trial.envelope()
      held.hold = "a hook said so"
      try await trial.commit(held)
      try trial.expect(try await trial.claim(after: 1_000_000).isEmpty, "a mail that is held is not claimed")
      try trial.expect(try await trial.store.nextDue() == nil, "nor does it wait for a time")
    },
    Check("accepting: what is released in the future is due then") { trial in
      // A store that cannot keep the request does not say that it can, and is not asked.
      guard trial.store.capabilities.contains(.futureRelease) else { return }
      var later = try trial.envelope()
      later.requests.holdUntil = trial.noon + .seconds(50)
      try await trial.commit(later)
      try trial.expect(try await trial.claim(after: 49).isEmpty, "it is not due before (RFC 4865)")
      try trial.expect(try await trial.store.nextDue() == trial.noon + .seconds(50), "the queue knows when it is")
      try trial.expect(try await trial.claim(after: 50).ids == [later.id], "it is due then")
    },
  ]
}
