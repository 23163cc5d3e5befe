import MTACore

import struct MTASystem.MonotonicInstant

/// What the events of a mail tell of the checks in a session. Nothing of this is done where no events are kept.
extension ConnectionPump {
  /// Before a question is asked: what rules said since the last one.
  func noteRules(before question: Question) { noteRules(about: question.address) }

  /// Notes an answer with the time that it took.
  ///
  /// - Parameter begin: when it was asked for.
  func note(_ answer: Answer, to question: Question, since begin: MonotonicInstant) {
    guard let words = answer.verdict else { return }
    if case .inspection(let results, _) = answer {
      trace?.note(messageID: session.conversation.header?.first(named: "Message-ID"))
      trace?.note(results)
      if results.isEmpty { return }
    }
    trace?.note(
      stage(of: question), question.kind, question.name, words.verdict, isRoutine: answer.isRoutine,
      took: begin.elapsed,
      at: tally.begin.elapsed, about: question.address, words.text)
  }

  /// Notes what rules said since the last question.
  ///
  /// - Parameters:
  ///   - address: whom they were asked about.
  ///   - reply: of the refusal, if the last of them refused.
  func noteRules(about address: Mailbox?, _ reply: Reply? = nil) {
    guard let verdicts = session.takeRuleVerdicts() else { return }
    let names = environment.ruleNames[verdicts.stage]
    let stage = stage
    if let passed = names.first(verdicts.passed) {
      trace?.note(stage, .rule, passed, "pass", isRoutine: true, at: tally.begin.elapsed, about: address)
    }
    guard verdicts.isRefused, names.all.indices.contains(verdicts.passed) else { return }
    trace?.note(
      stage, .rule, names.all[verdicts.passed], (reply?.isTransient ?? false) ? "defer" : "refuse", isRoutine: false,
      at: tally.begin.elapsed, about: address, reply.map { "\($0)" })
  }

  private func stage(of question: Question) -> CheckTrace.Stage {
    switch question {
    case .connect: .connect
    case .endOfHeaders, .inspection, .message: .content
    default: stage
    }
  }

  /// The latest command.
  private var stage: CheckTrace.Stage {
    let place = session.latestCommand
    let word = CommandName.all.indices.contains(place) ? CommandName.all[place] : "other"
    return CheckTrace.Stage(word: word, part: session.latestPart)
  }
}

extension Question {
  /// Whom it is about.
  fileprivate var address: Mailbox? {
    switch self {
    case .clientLookup(let mailbox), .rcptTo(let mailbox), .restore(let mailbox, _), .rewrite(let mailbox, _): mailbox
    case .mailFrom(let sender): sender.mailbox
    default: nil
    }
  }

  fileprivate var kind: CheckTrace.Kind {
    switch self {
    case .domainExists, .route: .dns
    case .inspection: .inspection
    case .clientLookup, .auth, .scramKeys, .restore, .rewrite, .loginProof, .allowance: .lookup
    default: .hook
    }
  }
}

extension Answer {
  /// It lets pass, or is what most are.
  fileprivate var isRoutine: Bool {
    switch self {
    case .connect(.proceed), .stage(.proceed), .recipient(.proceed), .message(.proceed), .client, .inspection,
      .domainExists(true):
      true
    default: false
    }
  }

  /// What it says, in one word and perhaps more; nil for what decides nothing. It has no secret.
  fileprivate var verdict: (verdict: String, text: String?)? {
    switch self {
    case .connect(let verdict):
      switch verdict {
      case .proceed: ("pass", nil)
      case .refuse(let refusal): ("refuse", refusal.text)
      case .defer(let refusal): ("defer", refusal.text)
      case .drop: ("drop", nil)
      }
    case .stage(let verdict):
      switch verdict {
      case .proceed: ("pass", nil)
      case .refuse(let refusal): ("refuse", refusal.text)
      case .defer(let refusal): ("defer", refusal.text)
      }
    case .recipient(let verdict):
      switch verdict {
      case .proceed: ("pass", nil)
      case .redirect(let targets): ("redirect", Self.list(targets))
      case .forward(let targets, _): ("forward", Self.list(targets))
      case .refuse(let refusal): ("refuse", refusal.text)
      case .defer(let refusal): ("defer", refusal.text)
      }
    case .message(let verdict):
      switch verdict {
      case .proceed: ("pass", nil)
      case .hold(let reason): ("hold", reason)
      case .redirect(let targets): ("redirect", Self.list(targets))
      case .recipients: ("differs", nil)
      case .discard: ("discard", nil)
      case .refuse(let refusal): ("refuse", refusal.text)
      case .defer(let refusal): ("defer", refusal.text)
      }
    case .command(.refuse(let refusal)): ("refuse", refusal.text)
    case .command(.defer(let refusal)): ("defer", refusal.text)
    case .client(let client): client == nil ? ("unknown", nil) : ("known", nil)
    case .domainExists(let exists): (exists.map { $0 ? "exists" : "missing" } ?? "unclear", nil)
    case .route(let route): (route.refusal == nil ? "exists" : "missing", route.refusal.map { "\($0)" })
    case .inspection: ("done", nil)
    case .allowance(.limited): ("limited", nil)
    case .allowance(.suspended): ("suspended", nil)
    case .allowance(.unknown): ("failed", nil)
    case .loginsExhausted: ("exhausted", nil)
    case .failed: ("failed", nil)
    case .command, .scramKeys, .time, .allowance(.granted), .restored, .rewritten, .noted: nil
    }
  }

  private static func list(_ targets: [Mailbox]) -> String {
    targets.prefix(8).map { "\($0)" }.joined(separator: ",") + (targets.count > 8 ? ",…" : "")
  }
}
