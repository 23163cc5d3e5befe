/// Why a process could not be started with few rights.
package enum LaunchFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// A call to the system failed.
  case system(operation: String, code: Int32)
  /// The order says something that no child would take; a sentence.
  case order(String)
  /// Another system than Linux.
  case notOnThisSystem

  package var description: String {
    switch self {
    case .system(let operation, let code): "\(operation): \(FileFailure.text(of: code))"
    case .order(let fault): "the launch order is wrong: \(fault)"
    case .notOnThisSystem: "processes with few rights are not on this system"
    }
  }
}
