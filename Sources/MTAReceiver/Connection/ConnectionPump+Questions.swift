import MTACore

/// Who answers what the session asks.
extension ConnectionPump {
  func ask(_ question: Question) async -> Answer {
    switch question {
    case .domainExists(let name):
      return .domainExists(await awaiting { await self.environment.lookup.knowsMailDomain(name) })
    case .time: return .time(environment.clock.now)
    case .route(let name): return .route(await awaiting { await self.environment.route(of: name) })
    case .auth(let credentials): return await askWhose(credentials)
    case .loginProof(let user): return await beginLogin(user) ? .noted : .loginsExhausted
    case .loginRefused: return await holdRefusal()
    case .inspection:
      guard let inspector = inspector.take() else { return .inspection([], at: environment.clock.now) }
      let results = await awaiting { await self.finish(inspector) }
      return .inspection(results, at: environment.clock.now)
    default: return await askHooks(question)
    }
  }
}
