import CMTASystem
import MTASystem
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One end of a link: a connected stream socket.
///
/// Whoever has something to send, sends it, with all that others left meanwhile. Only when the socket is full, a thread goes on, which
/// may wait. Another thread reads.
final class LinkSocket: Sendable {
  private let descriptor: OwnedDescriptor
  private let outbox = Monitor(LinkOutbox())
  private let limits: @Sendable (UInt8) -> Int

  /// - Parameters:
  ///   - descriptor: the socket's; it is closed with the last reference.
  ///   - limits: the longest body of each kind that the other side may say.
  init(_ descriptor: Int32, limits: @escaping @Sendable (UInt8) -> Int) {
    self.descriptor = OwnedDescriptor(descriptor)
    self.limits = limits
    // Inherited ones may not wait.
    let flags = fcntl(descriptor, F_GETFL)
    if flags >= 0, flags & O_NONBLOCK != 0 { _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) }
  }

  /// Starts to read.
  ///
  /// - Parameters:
  ///   - loop: reads; it takes no descriptors. Nil: a thread does.
  ///   - receive: called there with the frames of one read. On a thread it may wait: then nothing more is read. A fault that it throws
  ///     ends the link.
  ///   - ended: called once there, at the end; with what was wrong, if something was.
  func start(
    on loop: (any EventLoop)? = nil,
    receive: @escaping @Sendable ([LinkFrame]) throws(LinkFault) -> Void,
    ended: @escaping @Sendable (LinkFault?) -> Void
  ) {
    startThread { self.writeLoop() }
    if let loop { return listen(on: loop, receive, ended) }
    startThread {
      let fault = self.readLoop(receive)
      self.close()
      ended(fault)
    }
  }

  /// Ends the link. Nothing more is sent or read.
  func close() {
    outbox.withLock { $0.end() }
    outbox.wakeAll()
    _ = shutdown(descriptor.number, CInt(SHUT_RDWR))
  }

  /// Sends what waits, then ends the link.
  func closeWhenSent() {
    let isNow = outbox.withLock { outbox in
      outbox.endsWhenSent = true
      return !outbox.isSending && outbox.isEmpty
    }
    if isNow { close() }
  }

  // MARK: Sending

  /// Puts frames into the outbox. They are sent with the next ``flush()``.
  func enqueue(_ frame: ByteBuffer, passing passed: OwnedDescriptor? = nil, then more: ByteBuffer? = nil) {
    outbox.withLock { outbox in
      guard !outbox.isOver else { return }
      outbox.append(frame, passing: passed)
      if let more { outbox.append(more) }
    }
  }

  /// Little enough waits for what may be dropped.
  var hasRoom: Bool { outbox.withLock { $0.pieces.count < LinkOutbox.mostForDroppable } }

  func send(_ frame: ByteBuffer, passing passed: OwnedDescriptor? = nil, then more: ByteBuffer? = nil) {
    enqueue(frame, passing: passed, then: more)
    flush()
  }

  /// Sends what waits, unless another caller is at it: that one sends it all. Does not wait.
  func flush() {
    while true {
      let piece: LinkOutbox.Piece? = outbox.withLock { outbox in
        guard !outbox.isSending, !outbox.isOver, let piece = outbox.take() else { return nil }
        outbox.isSending = true
        return piece
      }
      guard let piece else { return }
      let rest = transmit(piece, waits: false)
      var isEnd = false
      outbox.signal { outbox in
        outbox.isSending = false
        isEnd = rest == nil && outbox.endsWhenSent && outbox.isEmpty
        guard let rest, !outbox.isOver else { return false }
        outbox.putBack(rest)
        outbox.isSending = true
        outbox.isForThread = true
        return true
      }
      if isEnd { close() }
      if rest != nil { return }
    }
  }

  /// - Returns: what is left when the socket is full, or when the link is over.
  private func transmit(_ piece: LinkOutbox.Piece, waits: Bool) -> LinkOutbox.Piece? {
    #if os(Linux)
      var piece = piece
      while piece.bytes.readableBytes > 0 {
        let passed = piece.passed?.number ?? -1
        let count = piece.bytes.withUnsafeReadableBytes { bytes in
          csystem_send(descriptor.number, bytes.baseAddress, bytes.count, passed, waits ? 0 : CInt(MSG_DONTWAIT))
        }
        if count > 0 {
          piece.bytes.moveReaderIndex(forwardBy: count)
          piece.passed = nil
        } else if errno == EAGAIN, waits {
          // An event loop that reads made the socket so that nobody waits.
          var room = pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)
          _ = poll(&room, 1, -1)
        } else if errno != EINTR {
          // Full; or the other side is gone, which the reader finds out.
          return piece
        }
      }
    #endif
    return nil
  }

  private func writeLoop() {
    while true {
      let piece: LinkOutbox.Piece? =
        outbox.wait(
          until: { _ in nil },
          take: { outbox -> LinkOutbox.Piece?? in
            if outbox.isOver { return .some(nil) }
            guard outbox.isForThread else { return nil }
            if let piece = outbox.take() { return piece }
            if outbox.endsWhenSent { return .some(nil) }
            outbox.isForThread = false
            outbox.isSending = false
            return nil
          }) ?? nil
      guard let piece else { return close() }
      if transmit(piece, waits: true) != nil { return close() }
    }
  }

  // MARK: Reading

  private func listen(
    on loop: any EventLoop, _ receive: @escaping @Sendable ([LinkFrame]) throws(LinkFault) -> Void,
    _ ended: @escaping @Sendable (LinkFault?) -> Void
  ) {
    let limits = limits
    ClientBootstrap(group: loop).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(
          LinkReader(LinkFrameDecoder(limits: limits), receive) { fault in
            self.close()
            ended(fault)
          })
      }
    }.withConnectedSocket(descriptor.copy()).whenFailure { _ in
      self.close()
      ended(LinkFault("the link cannot be read"))
    }
  }

  private func readLoop(_ receive: ([LinkFrame]) throws(LinkFault) -> Void) -> LinkFault? {
    #if os(Linux)
      var decoder = LinkFrameDecoder(limits: limits)
      var passed: [OwnedDescriptor] = []
      var frames: [LinkFrame] = []
      while true {
        var arrived: CInt = -1
        var code: CInt = 0
        let count = decoder.read { space in
          while true {
            let count = csystem_receive(descriptor.number, space.baseAddress, space.count, &arrived, 0)
            if count < 0, errno == EINTR { continue }
            code = count < 0 ? errno : 0
            return count
          }
        }
        do throws(LinkFault) {
          if arrived >= 0 { passed.append(OwnedDescriptor(arrived)) }
          guard count > 0 else {
            if decoder.waiting > 0, code == 0 { throw LinkFault("the link ended within a message") }
            return nil
          }
          while var frame = try decoder.next() {
            if frame.wantsDescriptor, !passed.isEmpty { frame.passed = passed.removeFirst() }
            frames.append(frame)
          }
          // One may wait for the rest of its frame.
          guard passed.count <= 1 else { throw LinkFault("a descriptor came without a message for it") }
          try receive(frames)
          frames.removeAll(keepingCapacity: true)
        } catch { return error }
      }
    #else
      return LinkFault("links need Linux")
    #endif
  }
}
