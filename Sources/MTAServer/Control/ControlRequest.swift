import MTACore
import MTASystem

/// What somebody asks at the control socket: one line, in the form of log fields, and one of a connection.
///
/// ```
/// control=1 verb=status
/// control=1 verb=trace way=in client=192.0.2.0/24 domain=village.example
/// ```
enum ControlRequest: Hashable, Sendable {
  case status
  case trace(TraceChoice)

  /// Both ends know it, or they part.
  static let version = 1
  /// Octets of the line.
  static let maximumOctets = 2048

  /// What the one who asks must have.
  var right: ControlRight {
    switch self {
    case .status: .read
    // It names senders and recipients.
    case .trace: .operate
    }
  }

  /// Without the line's end.
  var bytes: [UInt8] {
    var fields = LogFields()
    fields.append("control", number: Self.version)
    switch self {
    case .status: fields.append("verb", "status")
    case .trace(let choice):
      fields.append("verb", "trace")
      if let direction = choice.direction { fields.append("way", direction == .inbound ? "in" : "out") }
      if let network = choice.network { fields.append("client", network.description) }
      if let domain = choice.domain { fields.append("domain", domain.description) }
    }
    return fields.bytes
  }

  /// - Throws: the answer to a line that asks for nothing known.
  init(_ line: ArraySlice<UInt8>) throws(ControlRefusal) {
    var (verb, isKnown): (ArraySlice<UInt8>?, Bool) = (nil, false)
    var choice = TraceChoice()
    for field in LogFieldReader(line) {
      let value = field.value[...]
      if field.key.spells("control") {
        guard value.spells("1") else { throw ControlRefusal(.version, "this server speaks version \(Self.version)") }
        isKnown = true
      } else if field.key.spells("verb") {
        verb = value
      } else if field.key.spells("way") {
        guard value.spells("in") || value.spells("out") else { throw ControlRefusal(.wrong, "way is in or out") }
        choice.direction = value.spells("in") ? .inbound : .outbound
      } else if field.key.spells("client") {
        guard value.count <= 64, let network = Network(String(decoding: value, as: UTF8.self)) else {
          throw ControlRefusal(.wrong, "client is an address or a network")
        }
        choice.network = network
      } else if field.key.spells("domain") {
        guard let domain = Domain(bytes: Array(value), international: true) else {
          throw ControlRefusal(.wrong, "domain is none")
        }
        choice.domain = domain.canonical
      } else {
        throw ControlRefusal(.wrong, "there is no such field")
      }
    }
    guard isKnown, let verb else { throw ControlRefusal(.wrong, "a request has control and verb") }
    if verb.spells("status") {
      self = .status
    } else if verb.spells("trace") {
      self = .trace(choice)
    } else {
      throw ControlRefusal(.wrong, "there is no such verb")
    }
  }
}

/// Why a request is not served.
struct ControlRefusal: Error, Hashable, Sendable {
  enum Kind: String, Sendable {
    /// The peer may not.
    case denied
    /// Too many are here.
    case busy
    case version
    /// It is no request.
    case wrong
    /// It did not come.
    case late
  }

  let kind: Kind
  let words: String

  init(_ kind: Kind, _ words: String) { (self.kind, self.words) = (kind, words) }

  var bytes: [UInt8] {
    var fields = LogFields()
    fields.append("error", kind.rawValue)
    fields.append("words", words)
    return fields.bytes + [10]
  }
}
