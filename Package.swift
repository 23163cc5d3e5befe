// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target: imports stay internal unless written `public import`, existentials are
/// spelled, and async functions run where their caller runs (which keeps hooks on their connection's event loop).
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioLocks: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// A library module and, of the same name, its product.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name + "Tests", dependencies: dependencies + ["SuiteTurns"], swiftSettings: settings)
}

let products = [
  "MTACore", "MTASystem", "MTATLS", "MTADNS", "MTAStore", "MTADKIM", "MTAReceiver", "MTADelivery", "MTAServer",
  "MTACommands", "MTATestSupport",
]

let package = Package(
  name: "swift-mta",
  platforms: [.macOS(.v26)],
  products: products.map { .library(name: $0, targets: [$0]) }
    + [
      .library(
        name: "MTA",
        targets: [
          "MTA", "MTACore", "MTASystem", "MTATLS", "MTADNS", "MTAStore", "MTADKIM", "MTAReceiver", "MTADelivery",
          "MTAServer",
        ]),
      .executable(name: "ExampleServer", targets: ["ExampleServer"]),
    ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
  ],
  targets: [
    // Layer 0: C doors, no logic.
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
    .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
    .target(name: "CMTASystem"),

    // Layer 1: pure mail; the operating system; TLS and digests over OpenSSL.
    module("MTACore", [nioCore]),
    module("MTASystem", ["MTACore", "CMTASystem", nioCore, nioLocks, logging]),
    module("MTATLS", ["COpenSSL", nioCore]),
    module("MTACrypto", ["COpenSSL"]),

    // Layer 2: the resolver, the durable queue, signatures.
    module("MTAStore", ["MTACore", "MTASystem", "CSQLite", nioCore, nioLocks]),
    module("MTADNS", ["MTACore", "MTATLS", nioCore, nioPosix, nioLocks]),
    module("MTADKIM", ["MTACore", "MTACrypto", nioCore]),
    // Between receivers and the queue process, where they are several.
    .target(
      name: "MTALink", dependencies: ["MTACore", "MTASystem", "CMTASystem", nioCore, nioPosix, nioLocks],
      swiftSettings: settings),

    // Layer 3: the shells.
    module(
      "MTAReceiver", ["MTACore", "MTASystem", "MTATLS", "MTACrypto", "CCrypt", nioCore, nioPosix, nioLocks, logging]),
    module(
      "MTADelivery",
      ["MTACore", "MTASystem", "MTATLS", "MTACrypto", nioCore, nioPosix, nioHTTP1, nioLocks, logging]),

    // Layer 4: the composition, the one import of adopters, and the test kit.
    module(
      "MTAServer",
      [
        "MTACore", "MTASystem", "MTATLS", "MTADNS", "MTAStore", "MTADKIM", "MTALink", "MTAReceiver", "MTADelivery",
        nioCore, nioPosix, nioHTTP1, nioLocks, logging, lifecycle, metrics,
      ]),
    module(
      "MTA",
      [
        "MTACore", "MTASystem", "MTATLS", "MTADNS", "MTAStore", "MTADKIM", "MTAReceiver", "MTADelivery", "MTAServer",
        nioCore, logging,
      ]),
    module(
      "MTATestSupport",
      ["MTACore", "MTASystem", "MTATLS", "MTAReceiver", "MTADelivery", nioCore, nioPosix, nioLocks, logging]),

    // The commands of a server's program.
    module(
      "MTACommands",
      [
        "MTACore", "MTASystem", "MTATLS", "MTADNS", "MTADKIM", "MTAServer", "MTAReceiver", "MTADelivery", nioCore,
        nioPosix, arguments,
      ]),

    // Layer 5: what an adopter would write.
    .executableTarget(name: "ExampleServer", dependencies: ["MTACommands"], swiftSettings: settings),

    // What the tests of MTAServer kill: a process that ends at a step of theirs.
    .target(
      name: "CrashSamples", dependencies: ["MTACore", nioCore], path: "Tests/CrashSamples", swiftSettings: settings),
    .executableTarget(
      name: "CrashSubject",
      dependencies: ["CrashSamples", "MTACore", "MTASystem", "MTAStore", "MTADelivery", "MTATestSupport", nioCore],
      path: "Tests/CrashSubject", swiftSettings: settings),

    // What the tests of MTASystem launch: a child that tells what it may do.
    .target(name: "EarlyThread", path: "Tests/EarlyThread"),
    .executableTarget(
      name: "LaunchSubject", dependencies: ["EarlyThread", "MTASystem", nioCore], path: "Tests/LaunchSubject",
      swiftSettings: settings),

    // What heavy suites share: they take turns.
    .target(name: "SuiteTurns", path: "Tests/SuiteTurns", swiftSettings: settings),

    // Tests, in the modules' order.
    tests("MTACore", ["MTACore", "MTATestSupport", nioCore]),
    tests("MTASystem", ["MTACore", "MTASystem", "MTATestSupport", "LaunchSubject", nioCore, nioLocks]),
    tests("MTATLS", ["COpenSSL", "MTATLS", "MTATestSupport", nioCore, nioPosix, nioEmbedded]),
    tests("MTACrypto", ["MTACrypto"]),
    tests("MTADNS", ["MTACore", "MTADNS", "MTATLS", "MTATestSupport", nioCore, nioPosix, nioLocks]),
    tests("MTAStore", ["MTACore", "MTASystem", "MTAStore", "MTATestSupport", "CSQLite", nioCore, nioLocks]),
    tests(
      "MTALink",
      [
        "CMTASystem", "MTACore", "MTASystem", "MTALink", "MTAStore", "MTATestSupport", nioCore, nioPosix, nioLocks,
      ]),
    tests("MTADKIM", ["MTADKIM", "MTACore", "MTACrypto", nioCore]),
    tests(
      "MTAReceiver",
      [
        "MTACore", "MTACrypto", "MTADKIM", "MTAReceiver", "MTASystem", "MTATestSupport", "MTATLS", nioCore, nioPosix,
        nioLocks, logging,
      ]),
    tests(
      "MTADelivery",
      ["MTADelivery", "MTACore", "MTASystem", "MTATLS", "MTATestSupport", nioCore, nioPosix, nioLocks, logging]),
    tests(
      "MTAServer",
      [
        "MTA", "MTACore", "MTASystem", "MTADNS", "MTAStore", "MTADelivery", "MTAReceiver", "MTAServer",
        "MTATestSupport",
        "CrashSamples",
        "CrashSubject", nioCore, nioPosix, logging, metrics,
      ]),
    tests("MTAGrowth", ["MTACore", "MTADNS", "MTADKIM", "MTAReceiver", "MTADelivery", nioCore, nioHTTP1]),
    tests(
      "ExampleServer",
      [
        "ExampleServer", "MTACommands", "MTACore", "MTASystem", "MTATLS", "MTADNS", "MTADelivery", "MTAServer",
        "MTAStore", "MTATestSupport", arguments, nioCore, nioPosix, nioLocks,
      ]),
    tests("MTATestSupport", ["MTACore", "MTASystem", "MTAReceiver", "MTADelivery", "MTATestSupport", nioCore]),
  ],
  swiftLanguageModes: [.v6]
)

// Fuzz targets (see Fuzz/README.md) see what the modules show each other, so they are part of this package; but adopters never
// meet them.
if Context.environment["MTA_FUZZ"] != nil {
  package.products.append(.library(name: "MTAFuzz", type: .static, targets: ["MTAFuzz"]))
  package.targets.append(
    .target(
      name: "MTAFuzz", dependencies: ["MTACore", "MTADNS", "MTADKIM", nioCore], path: "Fuzz/Sources",
      swiftSettings: settings))
}

// The micro-benchmarks (see Docs/BENCHMARKS.md): likewise.
if Context.environment["MTA_BENCH"] != nil {
  package.targets += [
    // What OpenSSL does by itself, to compare with.
    .target(
      name: "RawOpenSSL", path: "Benchmarks/Sources/RawOpenSSL", linkerSettings: [.linkedLibrary("crypto")]),
    .executableTarget(
      name: "Bench",
      dependencies: ["RawOpenSSL", "MTACore", "MTADNS", "MTADKIM", "MTAStore", "MTATestSupport", nioCore],
      path: "Benchmarks/Sources/Bench", swiftSettings: settings),
  ]
}
