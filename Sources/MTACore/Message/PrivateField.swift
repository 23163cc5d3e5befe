/// What of a submitted header is between the author and this server: whom else the mail goes to (RFC 5322 §3.6.3), and fields that the
/// author's program left empty for us to fill (RFC 6409 §8). Postfix leaves out the same (`message_drop_headers`).
package enum PrivateField {
  package static func isOne(_ field: HeaderSection.Field) -> Bool {
    if field.nameBytes.spells(caseless: "Bcc") || field.nameBytes.spells(caseless: "Resent-Bcc") { return true }
    return (field.nameBytes.spells(caseless: "Date") || field.nameBytes.spells(caseless: "Message-ID"))
      && isEmpty(field)
  }

  /// Blanks and line ends alone.
  static func isEmpty(_ field: HeaderSection.Field) -> Bool {
    field.rawValue.allSatisfy { $0 == 32 || $0 == 9 || $0 == 13 || $0 == 10 }
  }
}
