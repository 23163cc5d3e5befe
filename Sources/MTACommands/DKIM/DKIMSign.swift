import ArgumentParser
import MTACore
import MTADKIM
import MTASystem
import NIOCore

/// ```
/// $ ExampleServer dkim sign --domain example.org --selector s1 --key s1.pem < mail > signed
/// ```
struct DKIMSign: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a mail: standard input to standard output.",
    discussion: """
      Lines may end in LF alone. They are signed as if they ended in CR LF, as they do when the mail is sent, and written as they \
      came. Exits 0, or 2 when the mail was not signed; then nothing is written.
      """)

  @Option(help: "The domain that signs.") var domain: String
  @Option(help: "The name of the key within the domain.") var selector: String
  @Option(help: "The file with the private key (PEM).") var key: String
  @Option(help: "Which changes on the way are allowed, in header and body: relaxed or simple each.")
  var canonicalization = CanonicalForms(header: .relaxed, body: .relaxed)

  func run() async throws {
    let name = try SigningName(selector: selector, domain: domain)
    try await explainingTrouble {
      let signer: DKIMSigner
      let pem = try LocalFile.read(key)
      var options = DKIMSigner.Options()
      options.headerCanonicalization = canonicalization.header
      options.bodyCanonicalization = canonicalization.body
      do throws(DKIMPrivateKey.Failure) {
        signer = DKIMSigner(
          domain: name.domain, selector: name.selector, key: try DKIMPrivateKey(pem: pem), options: options)
      } catch { throw DKIMTrouble("\(key): \(error)") }
      let mail = try MailInput.read()
      var signing = DKIMSigning([signer])
      mail.forEachCanonicalPiece { signing.receive($0) }
      let fields: [UInt8]
      do throws(DKIMSigning.Failure) { fields = try await signing.finish(at: SystemClock().now) } catch {
        switch error {
        case .headerTooLarge: throw DKIMTrouble("the header section of the mail is too large")
        case .noSingleFrom:
          throw DKIMTrouble("the mail has no From field, or several: nobody would accept the signature")
        case .key(let failure): throw DKIMTrouble("\(key): \(failure)")
        }
      }
      Output.bytes(mail.inItsLineEnds(fields))
      Output.bytes(mail.bytes)
    }
  }
}

/// `HEADER/BODY`, as in `c=` (RFC 6376 §3.5), but always both.
struct CanonicalForms: ExpressibleByArgument {
  var header: DKIMCanonicalization
  var body: DKIMCanonicalization

  init(header: DKIMCanonicalization, body: DKIMCanonicalization) {
    self.header = header
    self.body = body
  }

  init?(argument: String) {
    let words = argument.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 2, let header = DKIMCanonicalization(rawValue: words[0]),
      let body = DKIMCanonicalization(rawValue: words[1])
    else { return nil }
    self.init(header: header, body: body)
  }

  var defaultValueDescription: String { "\(header.rawValue)/\(body.rawValue)" }
}
