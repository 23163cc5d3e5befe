package import NIOCore

/// What a child is told when it starts: its role, its rights, and what it cannot open itself.
///
/// ```
/// swift-mta-launch 1
/// role receiver
/// generation 3
/// user 998
/// group 998
/// limit 4096
/// read /usr
/// write /dev/null
/// execute /usr/bin
/// descriptor 4 log
/// blob 512 file:/etc/mta/key.pem
/// end
/// (512 octets)
/// ```
///
/// Lines stand in this order. `user` and `group` may be missing, and those after `limit` may stand many times or not at all. The blobs
/// follow in the order of their lines.
///
/// A sealed memory file carries it (``LaunchedProcess``). A C constructor of CMTASystem reads the head before `main` and takes the rights,
/// in a process that has one thread; ``own`` is for the rest of the program.
package struct LaunchOrder: Hashable, Sendable {
  /// Whom root's child becomes. It is neither user 0 nor group 0.
  package struct Owner: Hashable, Sendable {
    package var user: UInt32
    package var group: UInt32

    package init(user: UInt32, group: UInt32) {
      self.user = user
      self.group = group
    }
  }

  package var role: ProcessRole
  /// Counts the starts of a server's processes: a reload makes the next. The default is 0.
  package var generation: UInt64 = 0
  /// Necessary when root starts the child, and refused otherwise: only root can become another user.
  package var owner: Owner?
  /// Descriptors that the child may have open: 16 to 1,048,576. Where the system allows fewer, the child gets those. The
  /// default is 4,096.
  package var maximumDescriptors = 4096
  /// Where Landlock lets the child read files and list folders, with all below. What does not exist, or what the child's user cannot
  /// reach, is passed over. The default is ``commonReadablePaths``.
  package var readablePaths = Self.commonReadablePaths
  /// The same for reading, writing, making and removing. The default is `/dev/null`.
  package var writablePaths = ["/dev/null"]
  /// The same for reading and starting programs: nowhere by default. A program needs its own path and those of its loader, as
  /// ``programPaths`` has them for this one.
  package var executablePaths: [String] = []
  /// Descriptors of the child by name. ``LaunchedProcess`` sets the numbers.
  package internal(set) var descriptors: [String: Int32] = [:]
  /// What the child cannot read itself, by name: `file:/etc/mta/mta.json`.
  package var blobs: [String: ByteBuffer] = [:]

  package init(_ role: ProcessRole) { self.role = role }

  /// The order that this process was started with. Nil where it was started otherwise.
  package static let own: LaunchOrder? = ownBytes().map { bytes in
    do throws(LaunchFailure) {
      return try LaunchOrder(encoded: bytes)
    } catch {
      // The constructor looks at rights alone: it knows neither roles nor names.
      refuse(error)
    }
  }

  /// This process was started with few rights, for a part of a server. Not true of a master that was replaced by another program.
  package static var isChild: Bool { own.map { $0.role != .master } ?? false }

  /// At most so many octets, blobs included: 16 MiB.
  package static let maximumBytes = 16 << 20

  /// What a program needs of the system: libraries, zones, names of hosts, certificates of authorities. No list of users is among it.
  ///
  /// All of `/proc` is among it, for Swift's threads need it: libdispatch reads `/proc/THREAD/stat` every second, and ends the process
  /// where it cannot. Of other processes it shows what the kernel shows every user.
  ///
  /// Landlock knows files by what they are, not by their names. A file that is replaced is out of reach from then on, until the child is
  /// started anew; hence the folders of the programs that write `resolv.conf`.
  package static let commonReadablePaths = [
    "/usr", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache", "/etc/resolv.conf", "/run/systemd/resolve",
    "/run/resolvconf", "/run/NetworkManager/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf",
    "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/localtime", "/etc/ssl", "/etc/pki",
    "/etc/crypto-policies", "/etc/ca-certificates", "/sys/devices/system/cpu", "/sys/fs/cgroup", "/proc", "/dev/null",
    "/dev/urandom",
  ]
}
