/// What happens to content with octets above 127 at a server that does not offer 8BITMIME.
///
/// RFC 6152 §3 allows to convert such mail, or to return it. Mail that cannot be converted is returned with 5.6.3 in either case: its
/// header has such octets, or they are signed or encrypted.
public enum EightBitPolicy: String, Hashable, Sendable, CaseIterable {
  /// The default. Parts with such octets are encoded as quoted-printable or base64; the mail decodes to the same content. Another
  /// domain's DKIM signature that covers them no longer verifies. Ours is made for the converted mail.
  case convert
  /// Sent unchanged, against the RFC. Most servers without 8BITMIME pass all octets, and signatures hold. The others spoil the text.
  case sendAsIs
  /// Returned to the sender.
  case bounce
}
