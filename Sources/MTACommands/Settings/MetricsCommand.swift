import ArgumentParser
import MTAServer

/// ```
/// $ ExampleServer metrics --markdown > Docs/METRICS.md
/// ```
struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "Show every metric of /metrics: name, kind, labels and meaning.",
    discussion: "The page of Docs/METRICS.md. A running server tells the numbers themselves at httpListen.")

  @Flag(help: "As it is: the page is Markdown in any case.") var markdown = false

  func run() { Output.bytes(Array(MetricsPage.text.utf8)) }
}
