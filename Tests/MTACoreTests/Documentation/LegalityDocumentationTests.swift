import Testing

@testable import MTACore

/// `Docs/LEGALITY.md` is made from ``Verb/refusal(in:)``.
@Suite struct LegalityDocumentationTests {
  private static func heading(_ stage: SessionStage) -> String {
    switch stage {
    case .fresh: "before EHLO or HELO"
    case .greeted: "greeted"
    case .mail: "MAIL accepted"
    case .recipients: "and a RCPT"
    case .chunks: "and a BDAT"
    }
  }

  private static func cell(_ verb: Verb, _ stage: SessionStage) -> String {
    guard let refusal = verb.refusal(in: stage) else { return "yes" }
    return GeneratedPage.cell(refusal.description)
  }

  private static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }

  @Test func thePageIsUpToDate() throws {
    var text = """
      # Which verb may come when

      Each row is a verb, each column a stage of the session. "yes" means that the verb may come, and its own checks follow.
      Otherwise the cell has the reply. A test makes this page from
      [Legality.swift](../Sources/MTACore/Server/Legality.swift); do not edit.


      """
    text += Self.row(["verb"] + SessionStage.allCases.map(Self.heading))
    text += Self.row(Array(repeating: "---", count: SessionStage.allCases.count + 1))
    for verb in Verb.allCases {
      text += Self.row(["\(verb)".uppercased()] + SessionStage.allCases.map { Self.cell(verb, $0) })
    }
    text += """

      Some verbs that may come are still 503 because of earlier ones: STARTTLS under TLS, AUTH after a login, DATA after
      `BODY=BINARYMIME`. LHLO is for ports of LMTP, EHLO and HELO for all others. [REPLIES.md](REPLIES.md) has every reply.

      """
    try GeneratedPage(name: "LEGALITY.md", text: text).check()
  }
}
