/// A value that stays with a mail. It is data, not an object, so it survives the queue and a restart.
public enum AttributeValue: Sendable, Hashable {
  case text(String)
  case integer(Int64)
  case number(Double)
  case flag(Bool)
  case bytes([UInt8])
  case list([AttributeValue])
  case map([String: AttributeValue])
}

/// A type that hooks can attach to a mail.
public protocol AttributeConvertible: Sendable {
  /// Nil if the value does not have this type's form.
  init?(_ value: AttributeValue)
  var attributeValue: AttributeValue { get }
}

/// The stable name of an attribute, with the type of its value. Begin your names with a domain of yours.
///
/// ```swift
/// extension AttributeKey where Value == Int64 {
///   static var spamPoints: Self { "example.org/spam-points" }
/// }
/// conversation.attributes[.spamPoints] = 5
/// ```
public struct AttributeKey<Value: AttributeConvertible>: Sendable, Hashable, ExpressibleByStringLiteral {
  public let name: String

  public init(_ name: String) { self.name = name }
  public init(stringLiteral name: String) { self.name = name }
}

/// The open part of a mail item (R13). Hooks add values, which stay with the mail through queue, delivery and restart until they are
/// removed.
public struct Attributes: Sendable, Hashable {
  public private(set) var values: [String: AttributeValue] = [:]

  public init() {}
  public init(_ values: [String: AttributeValue]) { self.values = values }

  public var isEmpty: Bool { values.isEmpty }

  /// The value of a typed key; nil if there is none, or if it has another form.
  public subscript<Value>(key: AttributeKey<Value>) -> Value? {
    get { values[key.name].flatMap(Value.init) }
    set { values[key.name] = newValue?.attributeValue }
  }

  /// The value of a plain name.
  public subscript(name: String) -> AttributeValue? {
    get { values[name] }
    set { values[name] = newValue }
  }
}

extension String: AttributeConvertible {
  public init?(_ value: AttributeValue) {
    guard case .text(let text) = value else { return nil }
    self = text
  }
  public var attributeValue: AttributeValue { .text(self) }
}

extension Int64: AttributeConvertible {
  public init?(_ value: AttributeValue) {
    guard case .integer(let number) = value else { return nil }
    self = number
  }
  public var attributeValue: AttributeValue { .integer(self) }
}

extension Double: AttributeConvertible {
  public init?(_ value: AttributeValue) {
    switch value {
    case .number(let number): self = number
    case .integer(let number): self = Double(number)
    default: return nil
    }
  }
  public var attributeValue: AttributeValue { .number(self) }
}

extension Bool: AttributeConvertible {
  public init?(_ value: AttributeValue) {
    guard case .flag(let flag) = value else { return nil }
    self = flag
  }
  public var attributeValue: AttributeValue { .flag(self) }
}

extension Array: AttributeConvertible where Element: AttributeConvertible {
  public init?(_ value: AttributeValue) {
    guard case .list(let values) = value else { return nil }
    var elements: [Element] = []
    for value in values {
      guard let element = Element(value) else { return nil }
      elements.append(element)
    }
    self = elements
  }
  public var attributeValue: AttributeValue { .list(map(\.attributeValue)) }
}
