import MTACore
import MTADNS
import Testing

struct QueryMachineTests {
  private let name = DNSName(test: "a.example")
  private let answer = DNSAnswer.records(
    [DNSRecord(DNSName(test: "a.example"), ttl: 300, .address(.test()))], authenticated: true)

  private func machine(servers: [Int] = [0, 1], rounds: Int = 2, deadline: Duration = .seconds(10)) -> QueryMachine {
    QueryMachine(name, .a, servers: servers, patience: .seconds(2), rounds: rounds, deadline: deadline)
  }

  private func ask(
    _ server: Int, _ carrier: DNSCarrier = .datagram, name: String = "a.example", extensions: Bool = true,
    timeout: Duration = .seconds(2)
  ) -> QueryMachine.Action {
    .ask(
      QueryMachine.Ask(
        server: server, carrier: carrier, name: DNSName(test: name), type: .a, extensions: extensions, timeout: timeout)
    )
  }

  @Test func theFirstAnswerEndsIt() {
    var machine = machine()
    #expect(machine.start(at: .zero) == ask(0))
    #expect(machine.receive(.read(.answer(answer, ttl: 5)), at: .zero) == .finish(answer, ttl: 5))
  }

  @Test func roundsGrowAndTheDeadlineHolds() {
    var machine = machine(rounds: 3, deadline: .seconds(9))
    #expect(machine.start(at: .zero) == ask(0))
    #expect(machine.receive(.failed(.timedOut), at: .seconds(2)) == ask(1))
    #expect(machine.receive(.failed(.timedOut), at: .seconds(4)) == ask(0, timeout: .seconds(4)))
    #expect(machine.receive(.failed(.timedOut), at: .seconds(8)) == ask(1, timeout: .seconds(1)))
    #expect(machine.receive(.failed(.timedOut), at: .seconds(9)) == .finish(.failure(.timedOut), ttl: nil))
  }

  @Test func roundsEnd() {
    var machine = machine(servers: [1], rounds: 2)
    #expect(machine.start(at: .zero) == ask(1))
    #expect(machine.receive(.failed(.timedOut), at: .zero) == ask(1, timeout: .seconds(4)))
    #expect(machine.receive(.failed(.timedOut), at: .zero) == .finish(.failure(.timedOut), ttl: nil))
  }

  @Test func aServerThatIsOfNoUseIsNotAskedAgain() {
    for event in [
      QueryMachine.Event.read(.serverError(2)), .read(.malformed), .failed(.unreachable),
    ] {
      var machine = machine()
      _ = machine.start(at: .zero)
      #expect(machine.receive(event, at: .zero) == ask(1))
      #expect(machine.receive(.failed(.timedOut), at: .zero) == ask(1, timeout: .seconds(4)))
    }
  }

  @Test func theMostTellingFailureIsReported() {
    var machine = machine()
    _ = machine.start(at: .zero)
    _ = machine.receive(.read(.serverError(2)), at: .zero)
    #expect(machine.receive(.failed(.unreachable), at: .zero) == .finish(.failure(.serverFailure(code: 2)), ttl: nil))
    var lonely = self.machine(servers: [])
    #expect(lonely.start(at: .zero) == .finish(.failure(.unreachable), ttl: nil))
  }

  @Test(arguments: [
    QueryMachine.Event.read(.truncated), .read(.caseDiffers), .failed(.strangers),
  ])
  func whatUDPCannotTellIsAskedOverTCP(_ event: QueryMachine.Event) {
    var machine = machine()
    _ = machine.start(at: .zero)
    #expect(machine.receive(event, at: .zero) == ask(0, .stream))
    // Should that fail, the next server starts with UDP again.
    #expect(machine.receive(.failed(.timedOut), at: .zero) == ask(1))
  }

  @Test func truncatedOverTCPIsNonsense() {
    var machine = machine(servers: [0])
    _ = machine.start(at: .zero)
    _ = machine.receive(.read(.truncated), at: .zero)
    #expect(machine.receive(.read(.truncated), at: .zero) == .finish(.failure(.malformed), ttl: nil))
  }

  @Test func withoutExtensionsOnce() {
    var machine = machine(servers: [0])
    _ = machine.start(at: .zero)
    #expect(machine.receive(.read(.withoutExtensions), at: .zero) == ask(0, extensions: false))
    #expect(
      machine.receive(.read(.withoutExtensions), at: .zero) == .finish(.failure(.serverFailure(code: 1)), ttl: nil))
  }

  @Test func aliasesAcrossPackets() {
    var machine = machine()
    _ = machine.start(at: .zero)
    let alias = AnswerReader.Reading.alias(DNSName(test: "b.example"), steps: 3, ttl: 20, authenticated: false)
    #expect(machine.receive(.read(alias), at: .zero) == ask(0, name: "b.example"))
    #expect(machine.aliasesLeft == 13)
    let capped = DNSAnswer.records([DNSRecord(name, ttl: 20, .address(.test()))], authenticated: false)
    #expect(machine.receive(.read(.answer(answer, ttl: 300)), at: .zero) == .finish(capped, ttl: 20))
  }

  @Test func aliasesWithoutEnd() {
    var machine = machine()
    var action = machine.start(at: .zero)
    var asks = 0
    while case .ask(let ask) = action, asks < 100 {
      asks += 1
      let next = DNSName(test: ask.name.description == "a.example" ? "b.example" : "a.example")
      let reading: AnswerReader.Reading =
        machine.aliasesLeft > 0 ? .alias(next, steps: 1, ttl: 1, authenticated: true) : .tooManyAliases
      action = machine.receive(.read(reading), at: .zero)
    }
    #expect(asks == 17)
    #expect(action == .finish(.failure(.tooManySteps), ttl: nil))
  }

  @Test func queriesAreCounted() {
    var machine = machine(servers: Array(0..<100))
    var action = machine.start(at: .zero)
    var asks = 0
    while case .ask = action, asks < 1000 {
      asks += 1
      action = machine.receive(.failed(.timedOut), at: .zero)
    }
    #expect(asks == QueryMachine.maximumQueries)
    #expect(action == .finish(.failure(.tooManySteps), ttl: nil))
  }

  @Test func healthSortsServers() {
    var health = ServerHealth(servers: 3)
    #expect(health.order(at: .zero) == [0, 1, 2])
    health.failed(0, at: .zero)
    #expect(health.order(at: .seconds(3)) == [1, 2, 0])
    #expect(health.order(at: .seconds(4)) == [0, 1, 2])
    health.failed(0, at: .seconds(4))
    #expect(health.order(at: .seconds(11)) == [1, 2, 0])
    health.answered(0)
    #expect(health.order(at: .seconds(11)) == [0, 1, 2])
    for _ in 0..<100 { health.failed(1, at: .seconds(20)) }
    #expect(health.order(at: .seconds(83)) == [0, 2, 1])
    #expect(health.order(at: .seconds(84)) == [0, 1, 2])
    health.failed(9, at: .zero)
  }
}
