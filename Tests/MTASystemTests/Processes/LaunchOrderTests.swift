#if canImport(Glibc)
  import MTASystem
  import NIOCore
  import Testing

  /// The form of an order: what a child reads before it has a language.
  struct LaunchOrderTests {
    private static let full: LaunchOrder = {
      var order = LaunchOrder(.queue)
      order.generation = 7
      order.owner = .init(user: 998, group: 997)
      order.maximumDescriptors = 512
      order.readablePaths = ["/usr", "/etc/a b"]
      order.writablePaths = ["/var/spool/mta"]
      order.executablePaths = ["/usr/bin/filter"]
      order.blobs = ["file:/etc/mta/mta.json": ByteBuffer(string: "{\n}\0end\n"), "empty": ByteBuffer()]
      return order
    }()

    @Test func whatWasWrittenIsRead() throws {
      #expect(try LaunchOrder(encoded: Self.full.encoded()) == Self.full)
      #expect(try LaunchOrder(encoded: LaunchOrder(.receiver).encoded()) == LaunchOrder(.receiver))
    }

    @Test func aPartIsNoOrder() throws {
      let bytes = try Self.full.encoded()
      for count in 0..<bytes.readableBytes {
        let part = try #require(bytes.getSlice(at: bytes.readerIndex, length: count))
        #expect(LaunchOrder.fault(of: part) != nil, "\(count) octets")
      }
      var longer = bytes
      longer.writeString("\n")
      #expect(LaunchOrder.fault(of: longer) == "its blobs are shorter or longer than it says")
    }

    /// Whatever octet is changed, both readers come to an end, and what one takes, the other takes.
    @Test func aChangedOctetDoesNoHarm() throws {
      let bytes = try Self.full.encoded()
      for place in 0..<bytes.readableBytes {
        for octet in [0, 10, 32, 48, 57, 127, 255] as [UInt8] {
          var changed = bytes
          changed.setInteger(octet, at: place)
          guard LaunchOrder.fault(of: changed) == nil, let order = try? LaunchOrder(encoded: changed) else { continue }
          #expect(order.owner != nil && order.owner?.user != 0 && order.owner?.group != 0)
        }
      }
    }

    @Test(arguments: [
      ("swift-mta-launch 2\n", "it is of another version of the program"),
      ("generation 3\n", "it is not of swift-mta"),
      (
        "swift-mta-launch 1\nrole queue\ngeneration 3\nuser 0\ngroup 5\nlimit 100\nend\n", "the user or group is root's"
      ),
      (
        "swift-mta-launch 1\nrole queue\ngeneration 3\nuser 5\ngroup 0\nlimit 100\nend\n", "the user or group is root's"
      ),
      (
        "swift-mta-launch 1\nrole queue\ngeneration 3\nuser 4294967295\ngroup 5\nlimit 100\nend\n",
        "the user is no number"
      ),
      ("swift-mta-launch 1\nrole queue\ngeneration 3\nuser 05\ngroup 5\nlimit 100\nend\n", "the user is no number"),
      ("swift-mta-launch 1\nrole queue\ngeneration 3\nuser 5\nlimit 100\nend\n", "a user has no group"),
      ("swift-mta-launch 1\nrole queue\ngeneration 3\nlimit 15\nend\n", "it has no limit of descriptors"),
      ("swift-mta-launch 1\nrole queue\ngeneration 3\nlimit 100\nread usr\nend\n", "a path does not begin with /"),
      (
        "swift-mta-launch 1\nrole queue\ngeneration 3\nlimit 100\nwrite /a\nread /b\nend\n",
        "a line is unknown, or not in its place"
      ),
      (
        "swift-mta-launch 1\nrole queue\ngeneration 3\nlimit 100\ndescriptor 2 x\nend\n",
        "a descriptor has no number and name"
      ),
      (
        "swift-mta-launch 1\nrole queue\ngeneration 3\nlimit 100\ndescriptor 4 x\ndescriptor 4 y\nend\n",
        "a descriptor is named twice"
      ),
      (
        "swift-mta-launch 1\nrole queue\ngeneration 3\nlimit 100\nblob 16777217 x\nend\n",
        "a blob has no length and name"
      ),
    ]) func aWrongLineIsTold(_ text: String, _ fault: String) {
      #expect(LaunchOrder.fault(of: ByteBuffer(string: text)) == fault)
      #expect(throws: LaunchFailure.order(fault)) { try LaunchOrder(encoded: ByteBuffer(string: text)) }
    }

    @Test func anOrderThatNoChildTakesIsNotWritten() {
      var order = LaunchOrder(.receiver)
      order.readablePaths = ["/usr\nwrite /"]
      #expect(throws: LaunchFailure.order("a path or name has control characters")) { try order.encoded() }
      order = LaunchOrder(.receiver)
      order.owner = .init(user: 0, group: 5)
      #expect(throws: LaunchFailure.order("the user or group is root's")) { try order.encoded() }
      order = LaunchOrder(.receiver)
      order.blobs = ["large": ByteBuffer(repeating: 0, count: LaunchOrder.maximumBytes)]
      #expect(throws: LaunchFailure.order("it is too long")) { try order.encoded() }
    }

    @Test func thisProcessWasNotLaunched() {
      #expect(LaunchOrder.own == nil)
      #expect(ProcessRole.current == .standalone)
    }
  }
#endif
