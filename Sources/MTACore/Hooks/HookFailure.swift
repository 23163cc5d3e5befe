/// A hook, by the name of its method. Budgets and failure modes are set by it.
public enum HookName: String, Hashable, Sendable, CaseIterable {
  case connect, ehlo, startTLS, scramKeys, auth, clientLookup, mailFrom, rcptTo, data, endOfHeaders
  case contentPiece, message, rset, noop, vrfy, expn, help, unknown, quit, timeout
}

/// What happens to a command whose hook threw, or exceeded its budget.
public enum HookFailureMode: Hashable, Sendable {
  /// 451, or 421 for `connect`: the client tries again later, and no mail is lost.
  case `defer`
  /// As if the hook had let it pass: for hooks that only add to a mail, such as a score.
  case proceed
  /// 550, or 554 for `connect`: for hooks that must agree to every mail, where a lost mail is the smaller harm.
  case refuse
}

extension Question {
  /// The hook that is asked; nil for what is no hook's business.
  package var hook: HookName? { HookName(rawValue: name) }

  /// The answer in place of a hook that failed.
  package func standIn(_ mode: HookFailureMode) -> Answer {
    let verdict: StageVerdict
    let refusal = Refusal("local error in processing", .system)
    switch mode {
    case .defer: return .failed
    case .proceed: verdict = .proceed
    case .refuse: verdict = .refuse(refusal)
    }
    switch self {
    case .connect: return .connect(verdict == .proceed ? .proceed : .refuse(refusal))
    case .ehlo, .startTLS, .mailFrom, .data, .endOfHeaders: return .stage(verdict)
    case .rcptTo: return .recipient(verdict == .proceed ? .proceed : .refuse(refusal))
    case .message: return .message(verdict == .proceed ? .proceed : .refuse(refusal))
    case .rset, .noop, .vrfy, .expn, .help, .unknown: return .command(verdict == .proceed ? .proceed : .refuse(refusal))
    // Who somebody is cannot be guessed: a member would turn into a stranger, or the other way.
    case .clientLookup, .auth, .scramKeys: return .failed
    case .quit, .timeout, .domainExists, .route, .time, .allowance, .restore, .rewrite, .inspection, .loginProof,
      .loginRefused:
      return .failed
    }
  }
}
