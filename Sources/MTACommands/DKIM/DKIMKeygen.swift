import ArgumentParser
import MTACore
import MTADKIM

/// ```
/// $ ExampleServer dkim keygen --selector s1 --domain example.org --out /etc/mail/dkim
/// s1._domainkey.example.org. IN TXT "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0B…" "…DAQAB"
/// ```
struct DKIMKeygen: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen",
    abstract: "Make a key to sign with; print the DNS record to publish.",
    discussion: """
      Writes DIR/SELECTOR.pem, which only its owner can read, and prints the record on one line of a zone file. A file that exists \
      is not overwritten. Exits 0, or 2 when the key could not be made or written.
      """)

  enum KeyType: String, ExpressibleByArgument, CaseIterable { case rsa, ed25519 }

  @Option(help: "The name of the key within the domain.") var selector: String
  @Option(help: "The domain that signs.") var domain: String
  @Option(help: "rsa or ed25519.") var type = KeyType.rsa
  @Option(help: "The size of an RSA key, 1024 to 8192.") var bits = 2048
  @Option(help: "The folder that the key is written to.") var out: String

  func run() async throws {
    let name = try SigningName(selector: selector, domain: domain)
    try await explainingTrouble {
      let key: DKIMPrivateKey
      let (pem, record): ([UInt8], String)
      do throws(DKIMPrivateKey.Failure) {
        key = try DKIMPrivateKey.generate(type == .rsa ? .rsaSHA256 : .ed25519SHA256, rsaBits: bits)
        (pem, record) = (try key.pem(), try key.record())
      } catch { throw DKIMTrouble("\(error)") }
      try LocalFile.create("\(out)/\(name.selector).pem", pem)
      guard let data = DNSRecordData(.txt, presentation: "\"\(record)\"") else {
        throw DKIMTrouble("the record is no record: \(record)")
      }
      print("\(name.place.presentation) IN TXT \(data.presentation)")
    }
  }
}

/// A selector and a domain that can name a key.
struct SigningName {
  let selector: DNSName
  let domain: DNSName
  /// Where the key record is: `selector._domainkey.domain`.
  let place: DNSName

  init(selector: String, domain: String) throws {
    // RFC 6376 §3.1: a selector is host name labels. No slash gets into the name of the key's file.
    guard let selector = DNSName(selector), selector.description.utf8.allSatisfy(Self.isSelectorOctet) else {
      throw ValidationError("\(selector) is no selector: letters, digits, hyphens, underscores and inner dots")
    }
    guard let domain = DNSName(international: domain), domain.isHostName,
      let place = DNSName("\(selector)._domainkey.\(domain)")
    else { throw ValidationError("\(domain) is no domain name") }
    self.selector = selector
    self.domain = domain
    self.place = place
  }

  private static func isSelectorOctet(_ octet: UInt8) -> Bool {
    switch octet {
    case 97...122, 48...57, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
    default: false
    }
  }
}
