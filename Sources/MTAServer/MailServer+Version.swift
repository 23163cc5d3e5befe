import MTAStore
import MTASystem
import MTATLS

extension MailServer {
  /// The version of SwiftMTA: `0.1.0`.
  public static let version = "0.1.0"

  /// What this program was built with and runs on, for a report of a fault: name and version of each part.
  public static var components: [(name: String, version: String)] {
    [
      ("Swift", compiler), ("SQLite", MailStore.databaseVersion), ("OpenSSL", TLSContext.libraryVersion),
      (OperatingSystem.name, OperatingSystem.release),
    ]
  }

  private static var compiler: String {
    #if compiler(>=6.5)
      "6.5 or later"
    #elseif compiler(>=6.4)
      "6.4"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}
