import MTASystem
import NIOCore

extension IOError {
  /// What the system says, without the name of the call.
  var systemReason: String { FileFailure.text(of: errnoCode) }
}
