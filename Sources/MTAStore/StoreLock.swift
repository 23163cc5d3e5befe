import MTASystem

/// Which processes have the store open: told by flock(2) on two files of the queue folder.
///
/// Every process that has the store open shares `.lock`. So a process that gets it exclusively is alone. flock(2) cannot change one
/// kind into the other in one step. So a process tries only while it holds `.start`, which is held while a store opens or is salvaged.
struct StoreLock: Sendable {
  private let users: DurableFile
  private let starting: DurableFile

  init(_ folder: ContentFolder) throws(FileFailure) {
    users = try folder.files.openOrCreate(folder.path + "/.lock", at: "open.lock")
    starting = try folder.files.openOrCreate(folder.path + "/.start", at: "open.lock")
  }

  /// Tells `body` whether this process is alone with the store. No other process can open it meanwhile. Afterwards the store counts as
  /// open.
  func whileOpening<Value, Failure: Error>(
    failing: (FileFailure) -> Failure, _ body: (_ isAlone: Bool) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let isAlone: Bool
    do throws(FileFailure) {
      _ = try starting.lock(exclusive: true, wait: true, at: "open.lock")
      isAlone = try users.lock(exclusive: true, wait: false, at: "open.lock")
    } catch {
      try? starting.unlock(at: "open.lock")
      throw failing(error)
    }
    let value: Result<Value, Failure>
    do throws(Failure) { value = .success(try body(isAlone)) } catch { value = .failure(error) }
    do throws(FileFailure) {
      _ = try users.lock(exclusive: false, wait: true, at: "open.lock")
      try starting.unlock(at: "open.lock")
    } catch {
      try? starting.unlock(at: "open.lock")
      throw failing(error)
    }
    return try value.get()
  }

  /// Unlocks explicitly, without waiting for the files to close: a child that was just forked has them open until it runs its program.
  func release() throws(FileFailure) { try users.unlock(at: "close.unlock") }
}
