/// Fields of a submission that are private to the author and this server: other recipients (RFC 5322 §3.6.3), fields that the author's
/// program left empty for us to fill (RFC 6409 §8), and a Return-Path, which the last server writes (RFC 5321 §4.4). Postfix leaves out
/// the same (`message_drop_headers`).
///
/// Spelling does not matter: a field that another reader may take for such a field counts as one.
package enum PrivateField {
  package static func isOne(_ field: HeaderSection.Field) -> Bool {
    for name in ["Bcc", "Resent-Bcc", "Return-Path"] where field.mayBeNamed(name) { return true }
    return field.isEmpty && (field.mayBeNamed("Date") || field.mayBeNamed("Message-ID"))
  }
}
