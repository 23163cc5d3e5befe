import MTASystem
import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program that may replace that of the master. It is started beside it, and says whether it could.
struct Applicant {
  private let path: String
  private let question: String
  private let logs: Logs
  /// It reads settings, and may look up users and hosts.
  private static let patience = Duration.seconds(30)

  /// - Parameter question: of ``Handover/question(of:open:)``.
  init(_ path: String, _ question: String, _ logs: Logs) {
    (self.path, self.question, self.logs) = (path, question, logs)
  }

  /// Why it cannot take over; nil: it can.
  func fault() async -> String? {
    let process: LaunchedProcess
    let control: MessageSocket
    do throws(LaunchFailure) { (process, control) = try start() } catch { return "\(error)" }
    let isLate = NIOLockedValueBox(false)
    let timer = Task {
      try await Task.sleep(for: Self.patience)
      isLate.withLockedValue { $0 = true }
      process.signal(SIGKILL)
    }
    async let isFit = Self.isFit(control)
    let end = await process.end
    timer.cancel()
    switch end {
    case .exited(0): return await isFit ? nil : "it is no server of this kind: it ended without an answer"
    case .signalled(SIGKILL) where isLate.withLockedValue({ $0 }):
      return "it did not answer within \(Self.patience.components.seconds) s"
    default: return "it ended with \(end); what it said stands before this"
    }
  }

  private func start() throws(LaunchFailure) -> (LaunchedProcess, MessageSocket) {
    guard let errors = ChildPipe(), let (ours, theirs) = MessageSocket.pair() else {
      throw .system(operation: "pipe", code: errno)
    }
    var order = LaunchOrder(.master)
    order.blobs = [Handover.question: ByteBuffer(string: question)]
    let process = try LaunchedProcess.spawn(
      order, program: .path(path), output: errors.write.number, complaints: errors.write.number,
      descriptors: ["control": theirs.number])
    withExtendedLifetime((errors, theirs)) {}
    let name = "check-upgrade[\(process.id)]"
    LogRelay(gate: NIOLock()) { [logs] line in
      logs.relay(Array("3[error] standard error: ".utf8) + line, from: name)
    }.read(errors.read)
    return (process, MessageSocket(ours))
  }

  /// Whether the word comes before the other end is gone.
  private static func isFit(_ control: MessageSocket) async -> Bool {
    await withCheckedContinuation { continuation in
      startThread {
        var isFit = false
        while let message = control.receive() { isFit = isFit || ChildWord(message.bytes) == .fit }
        continuation.resume(returning: isFit)
      }
    }
  }
}
