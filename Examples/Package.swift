// swift-tools-version: 6.2
import PackageDescription

// A package of its own, with the settings that `swift package init` gives: it sees what adopters see, and no more.

func mta(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-mta") }

let package = Package(
  name: "Examples",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "swift-mta", path: ".."),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    .executableTarget(name: "FirstServer", dependencies: [mta("MTA")]),
    .executableTarget(name: "AliasServer", dependencies: [mta("MTA")]),
    .executableTarget(name: "SpamReport", dependencies: [mta("MTA")]),
    .executableTarget(name: "TicketServer", dependencies: [mta("MTA")]),
    // The worked examples of two modules' pages, each with that module alone.
    .executableTarget(
      name: "SignAndVerify",
      dependencies: [mta("MTADKIM"), mta("MTACore"), .product(name: "NIOCore", package: "swift-nio")]),
    .executableTarget(name: "MailRoute", dependencies: [mta("MTADNS"), mta("MTACore")]),
    .executableTarget(name: "Newsletter", dependencies: [mta("MTA")]),
    .testTarget(
      name: "ExampleTests",
      dependencies: [
        "FirstServer", "AliasServer", "SpamReport", "TicketServer", "Newsletter", mta("MTA"), mta("MTATestSupport"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
      ]),
  ]
)
