// Addresses that stand in a program's own source may be written as they are: `settings.localDomains = ["shop.example"]`,
// `sender.isFrom("rival.example")`, `Mailbox("ann@shop.example")`. A typing error there is a mistake of the program, and ends it with a
// sentence that names the text. It is not a nil that two wrong addresses, or the null sender, would share.
//
// What comes from elsewhere cannot get here: these initializers take a StaticString, which the compiler makes of literals alone. A
// variable, or a literal with `\(…)` in it, is read by `init?(_:)` or `init(validating:)`.

extension Mailbox: ExpressibleByStringLiteral {
  /// A mailbox in the source code. If the text is not a mailbox, the program ends with a message.
  public init(stringLiteral text: StaticString) {
    do throws(AddressFailure) { try self.init(validating: text.description) } catch { fatalError(error.description) }
  }
}

extension Domain: ExpressibleByStringLiteral {
  /// A domain name, or a bracketed address literal, in the source code. If the text is neither, the program ends with a message.
  public init(stringLiteral text: StaticString) {
    do throws(AddressFailure) { try self.init(validating: text.description) } catch { fatalError(error.description) }
  }
}

extension DNSName: ExpressibleByStringLiteral {
  /// A name of the DNS in the source code. If the text is not a name, the program ends with a message.
  public init(stringLiteral text: StaticString) {
    do throws(AddressFailure) { try self.init(validating: text.description) } catch { fatalError(error.description) }
  }
}
