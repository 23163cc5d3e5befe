#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The mail that a thread works on, stored where a signal handler finds it.
///
/// Swift has no thread-local variables. So each thread that marks gets its own memory by a key of pthreads, and a stack for signals:
/// without one, a recursion that fills the thread's own stack could not be recorded.
struct TrapMark {
  /// A mail's id has at most 64 bytes; the handler appends at most 128.
  static let idBytes = 64
  static let lineBytes = 192
  private static let stackBytes = 65_536
  #if canImport(Glibc)
    private static let stackIsOff: Int32 = 2
  #else
    private static let stackIsOff: Int32 = 4
  #endif

  /// Nil until this thread has marked something. Makes no system call.
  static var ofThisThread: UnsafeMutablePointer<TrapMark>? {
    pthread_getspecific(key)?.assumingMemoryBound(to: TrapMark.self)
  }

  /// Bytes of the id in ``line``; 0 if the thread works on no mail.
  var length = 0
  /// The id, and room for the handler's text: ``lineBytes`` bytes.
  let line: UnsafeMutablePointer<UInt8>
  private let stack: UnsafeMutableRawPointer

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    // Without a key nothing is marked, and nothing told.
    pthread_key_create(&key) { TrapMark.remove($0) }
    return key
  }()

  /// Makes the mark of this thread.
  static func make() -> UnsafeMutablePointer<TrapMark> {
    let mark = UnsafeMutablePointer<TrapMark>.allocate(capacity: 1)
    mark.initialize(
      to: TrapMark(
        line: .allocate(capacity: lineBytes), stack: .allocate(byteCount: stackBytes, alignment: 16)))
    var stack = stack_t()
    if sigaltstack(nil, &stack) == 0, stack.ss_flags & stackIsOff != 0 {
      stack.ss_sp = mark.pointee.stack
      stack.ss_flags = 0
      stack.ss_size = numericCast(stackBytes)
      sigaltstack(&stack, nil)
    }
    pthread_setspecific(key, mark)
    return mark
  }

  #if canImport(Glibc)
    private static func remove(_ pointer: UnsafeMutableRawPointer?) { if let pointer { free(pointer) } }
  #else
    private static func remove(_ pointer: UnsafeMutableRawPointer) { free(pointer) }
  #endif

  private static func free(_ pointer: UnsafeMutableRawPointer) {
    let mark = pointer.assumingMemoryBound(to: TrapMark.self)
    var stack = stack_t()
    if sigaltstack(nil, &stack) == 0, stack.ss_sp == mark.pointee.stack {
      stack.ss_flags = stackIsOff
      sigaltstack(&stack, nil)
    }
    mark.pointee.line.deallocate()
    mark.pointee.stack.deallocate()
    mark.deallocate()
  }
}
