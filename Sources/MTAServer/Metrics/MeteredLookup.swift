import MTACore
import MTASystem

/// Counts the questions to a resolver, and how long its answers take.
struct MeteredLookup: DNSLookup {
  let lookup: any DNSLookup
  let meters: Meters

  func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer {
    let begin = MonotonicInstant.now
    let answer = await lookup.lookup(name, type)
    meters.add(MeterTable.own.lookups, Self.place(of: type), Self.place(of: answer))
    meters.record(MeterTable.own.lookupTime, time: begin.elapsed)
    return answer
  }

  private static func place(of type: DNSRecordType) -> Int {
    switch type {
    case .a: 0
    case .aaaa: 1
    case .mx: 2
    case .txt: 3
    case .ptr: 4
    case .tlsa: 5
    default: 6
    }
  }

  private static func place(of answer: DNSAnswer) -> Int {
    switch answer {
    case .records: 0
    case .noSuchName, .noSuchType: 1
    case .failure(.timedOut): 2
    case .failure: 3
    }
  }
}
