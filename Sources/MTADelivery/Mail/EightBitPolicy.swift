/// What becomes of content with octets above 127 at a server that does not offer 8BITMIME.
///
/// RFC 6152 §3 allows two things: to convert such mail, or to return it. Mail that cannot be converted, because its header holds
/// such octets or because they are signed or encrypted, is returned with 5.6.3 in either case.
public enum EightBitPolicy: String, Hashable, Sendable, CaseIterable {
  /// Parts with such octets are encoded, as quoted-printable or base64; the mail decodes to the same. A DKIM signature of
  /// somebody else that covers them no longer verifies; ours is made over what leaves. The default.
  case convert
  /// Against the RFC, as if the server had offered it: most servers without 8BITMIME pass all octets all the same, signatures hold,
  /// and those that do not spoil the text.
  case sendAsIs
  /// Returned.
  case bounce
}
