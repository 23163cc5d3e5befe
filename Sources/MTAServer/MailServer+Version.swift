extension MailServer {
  /// The version of SwiftMTA: `0.1.0`.
  public static let version = "0.1.0"
}
