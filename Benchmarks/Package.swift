// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that who depends on swift-mta never builds it. It sees public API alone.

func mta(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-mta") }

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "swift-mta", path: ".."),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    // What OpenSSL does by itself, to compare with.
    .target(name: "RawOpenSSL", linkerSettings: [.linkedLibrary("crypto")]),
    .executableTarget(
      name: "Bench",
      dependencies: [
        "RawOpenSSL", mta("MTACore"), mta("MTADNS"), mta("MTADKIM"), mta("MTAStore"), mta("MTATestSupport"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
