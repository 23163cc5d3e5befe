import Foundation
import Testing

/// The README's server is the example, word for word.
@Suite struct ReadMeTests {
  @Test func theServerInTheReadMeIsTheExample() throws {
    let examples = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let readMe = try String(contentsOf: examples.appending(path: "../README.md"), encoding: .utf8)
    let example = try String(
      contentsOf: examples.appending(path: "Sources/FirstServer/FirstServer.swift"), encoding: .utf8)
    let opening = try #require(readMe.range(of: "```swift\n"))
    let closing = try #require(readMe[opening.upperBound...].range(of: "```\n"))
    #expect(readMe[opening.upperBound..<closing.lowerBound] == example)
  }
}
