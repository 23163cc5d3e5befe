import MTACore
import MTADKIM
import MTATestSupport
import NIOCore
import RawOpenSSL

extension Bench {
  /// Bodies into canonical form.
  static func dkim(_ harness: inout Harness) async throws {
    let now = Timestamp(milliseconds: 1_767_225_600_000)
    let domain = Samples.name("client.example")
    let fast = DKIMSigner(
      domain: domain, selector: Samples.name("e"), key: try .generate(.ed25519SHA256))
    for (name, bytes) in [
      ("text", Samples.prose(16 << 20)), ("base64", Samples.base64(16 << 20)), ("tabs", Samples.tabs(16 << 20)),
    ] {
      let pieces = (Array(Samples.header.utf8) + bytes).pieces(of: 65_536)
      // The signature itself costs a hundred microseconds, nothing beside 16 MiB.
      try await harness.measure("DKIM relaxed body and SHA-256: \(name)", .megabytes(bytes.count)) { turns in
        for _ in 0..<turns {
          var signing = DKIMSigning([fast])
          for piece in pieces { signing.receive(piece) }
          keep(try await signing.finish(at: now))
        }
      }
    }
    let bytes = Samples.prose(1 << 20)
    var digest = [UInt8](repeating: 0, count: 32)
    try await harness.measure("OpenSSL's SHA-256 alone", .megabytes(bytes.count)) { turns in
      for _ in 0..<turns where raw_sha256(bytes, bytes.count, &digest) != 1 { throw Failure("no digest") }
    }
  }

  /// A mail signed, next to what OpenSSL needs for the same: one pass of SHA-256 over it and the RSA operation.
  static func signing(_ harness: inout Harness) async throws {
    let now = Timestamp(milliseconds: 1_767_225_600_000)
    let key = try DKIMPrivateKey.generate(.rsaSHA256)
    let pem = try key.pem()
    guard let raw = raw_signer_make(pem, pem.count) else { throw Failure("OpenSSL does not take the key") }
    defer { raw_signer_free(raw) }
    let signer = DKIMMailSigner([
      DKIMSigner(domain: Samples.name("client.example"), selector: Samples.name("r"), key: key)
    ])
    for size in [1024, 10_240, 102_400] {
      let envelope = Samples.envelope(MailID(at: now, random: 1))
      let mail = Samples.mail(size)
      let content = StoredContent(trace: ByteBuffer(), content: ByteBuffer(bytes: mail))
      var digest = [UInt8](repeating: 0, count: 32)
      var signature = [UInt8](repeating: 0, count: 1024)
      try await harness.compare(
        "OpenSSL alone: SHA-256 of \(size / 1024) KiB, RSA-2048", "DKIM: a mail of \(size / 1024) KiB signed",
        .microseconds, turns: 500
      ) { turns in
        var length = 0
        for _ in 0..<turns {
          guard raw_sha256(mail, mail.count, &digest) == 1,
            raw_signer_sign(raw, digest, &signature, &length) == 1
          else { throw Failure("no signature") }
        }
      } _: { turns in
        for _ in 0..<turns {
          guard let field = try await signer.signature(for: envelope, content, at: now) else {
            throw Failure("not signed")
          }
          keep(field)
        }
      }
    }
  }
  /// What a mail costs its receiver: one with a signature, its key in memory, and one without.
  static func inspection(_ harness: inout Harness) async throws {
    let now = Timestamp(milliseconds: 1_767_225_600_000)
    let key = try DKIMPrivateKey.generate(.rsaSHA256)
    let signer = DKIMSigner(domain: Samples.name("client.example"), selector: Samples.name("r"), key: key)
    let zone = try LiteralZone("r._domainkey.client.example TXT \"\(try key.record())\"")
    for size in [1024, 10_240, 102_400] {
      let mail = ByteBuffer(bytes: Samples.mail(size))
      var signing = DKIMSigning([signer])
      signing.receive(mail)
      let field = ByteBuffer(bytes: try await signing.finish(at: now))
      try await harness.measure("DKIM: a mail of \(size / 1024) KiB inspected, RSA-2048", .microseconds) { turns in
        for _ in 0..<turns {
          var inspector = DKIMInspector(lookup: zone)
          inspector.receive(field)
          inspector.receive(mail)
          guard await inspector.finish(at: now).first?.result == "pass" else { throw Failure("does not verify") }
        }
      }
      await harness.measure("DKIM: a mail of \(size / 1024) KiB inspected, no signature", .microseconds) { turns in
        for _ in 0..<turns {
          var inspector = DKIMInspector(lookup: zone)
          inspector.receive(mail)
          keep(await inspector.finish(at: now))
        }
      }
    }
  }
}
