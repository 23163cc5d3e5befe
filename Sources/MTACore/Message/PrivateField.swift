/// What of a submitted header is between the author and this server: whom else the mail goes to (RFC 5322 §3.6.3), fields that the
/// author's program left empty for us to fill (RFC 6409 §8), and a Return-Path, which is for the last server to write (RFC 5321 §4.4).
/// Postfix leaves out the same (`message_drop_headers`).
///
/// However their names are spelled: what another reader may take for such a field is one.
package enum PrivateField {
  package static func isOne(_ field: HeaderSection.Field) -> Bool {
    for name in ["Bcc", "Resent-Bcc", "Return-Path"] where field.mayBeNamed(name) { return true }
    return field.isEmpty && (field.mayBeNamed("Date") || field.mayBeNamed("Message-ID"))
  }
}
