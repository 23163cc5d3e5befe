#if canImport(Glibc)
  import CMTASystem
#endif

/// Linux's rules for the files of a process, which it sets for itself and cannot lift (landlock(7)). Numbers are those of its ABI.
package enum Landlock {
  /// What the kernel has: 0 for none, as before Linux 5.13 or where a container forbids it. From 6 on a process can be kept from sending
  /// signals and from abstract sockets of others.
  package static var supported: Int {
    #if canImport(Glibc)
      Int(csystem_landlock_abi())
    #else
      0
    #endif
  }

  /// What binds this process since its launch: 0 for none.
  package static var applied: Int {
    #if canImport(Glibc)
      Int(csystem_launch_landlock_abi())
    #else
      0
    #endif
  }
}
