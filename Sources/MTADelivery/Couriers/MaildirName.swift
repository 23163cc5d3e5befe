import MTACore
import MTACrypto
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Names of folders and files in a Maildir.
enum MaildirName {
  /// A mailbox's folder below the root: `<domain>/<local part>`, each made harmless.
  static func folder(of mailbox: Mailbox) -> String {
    component(mailbox.domain.canonical.description) + "/" + component(mailbox.localPart)
  }

  /// A text as one path component: ASCII letters in lower case; `a-z 0-9 . _ + = @ -` stay, all else, and a dot in
  /// front, becomes `%XX`. So nothing leads out of the folder or hides in it, no two mailboxes share one, and a file
  /// system that folds case makes no difference. What is longer than a file's name may be keeps its beginning, and behind
  /// `%-`, which no `%XX` begins with, a digest of the whole.
  static func component(_ text: String) -> String {
    var name: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 65...90: name.append(byte | 0x20)
      case UInt8(ascii: ".") where name.isEmpty: name += escaped(byte)
      case 97...122, 48...57, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "="),
        UInt8(ascii: "@"),
        UInt8(ascii: "-"):
        name.append(byte)
      default: name += escaped(byte)
      }
    }
    if name.count > maximumComponent {
      let digest = SHA256.digest(of: name).prefix(16).flatMap { escaped($0).dropFirst() }
      name = name.prefix(maximumComponent - 2 - digest.count) + Array("%-".utf8) + digest
    }
    return String(decoding: name, as: UTF8.self)
  }

  /// Below the 255 octets of a name on the file systems of our systems.
  private static let maximumComponent = 200

  private static func escaped(_ byte: UInt8) -> [UInt8] {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
    return [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
  }

  private static let counter = NIOLockedValueBox<UInt64>(0)

  /// The name of one copy, the same for each attempt to file it: `<seconds>.M<micros>I<mail id>R<place>.<host>`, with the time of
  /// acceptance and the recipient's place in the envelope. So a copy that is there already shows.
  static func file(of envelope: Envelope, place: Int, host: String) -> String {
    "\(instant(envelope.receivedAt))I\(envelope.id)R\(place)." + harmless(host)
  }

  /// A name that no other attempt to file anything has: `<seconds>.M<micros>P<pid>Q<counter>R<random>.<host>`. In containers
  /// processes have the same id, and may well have the same host name.
  static func temporary(at now: Timestamp, host: String) -> String {
    let number = counter.withLockedValue { counter in
      counter &+= 1
      return counter
    }
    let random = String(UInt32.random(in: .min ... .max), radix: 16)
    return "\(instant(now))P\(getpid())Q\(number)R\(random)." + harmless(host)
  }

  private static func instant(_ time: Timestamp) -> String {
    "\(time.seconds).M\((time.milliseconds - time.seconds * 1000) * 1000)"
  }

  /// The colon begins the flags of a read mail's name.
  private static func harmless(_ host: String) -> String {
    let bytes = host.utf8.map {
      $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") || $0 <= 32 || $0 >= 127 ? UInt8(ascii: "_") : $0
    }
    return String(decoding: bytes.prefix(64), as: UTF8.self)
  }
}
