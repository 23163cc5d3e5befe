/// A message that breaks the rules of the link. The side that reads it ends the link, and nothing else suffers.
package struct LinkFault: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }

  static let short = LinkFault("a message is shorter than what it holds")
  static let long = LinkFault("a message is longer than what it holds")
  static let large = LinkFault("a message is larger than allowed")
}
