import MTACore

/// The numbers of scheduling. Two come from the settings, ``workers`` and ``memory``. The others follow from them, or were found by
/// measurement.
///
/// | number | value | why |
/// |---|---|---|
/// | ``unprovenWorkers`` | 4/5 of the workers | silent servers, however many, leave a fifth to local mail and to servers that answer |
/// | ``unprovenFurtherWorkers`` | a quarter of those | the first worker of another destination is of more use than the second of one |
/// | ``standbyWorkers`` | half of the workers | a connection without mail is kept only while there are many free places |
/// | ``standby`` | 1 s | the next mail of a busy pair of servers comes within it |
/// | ``jobsPerWorker`` | 4 | for fewer mails a further connection costs more than it saves |
/// | ``turn`` | 50 jobs | then a busy destination's last worker leaves, if others have none |
/// | ``standstill`` | 1 s | mail that waits this long behind a slow delivery gets another worker |
/// | ``longestPause`` | 1 s | a worker waits this long for its destination's next start; for a later one it leaves |
/// | ``patience`` | 5 troubles in a row | a server that answers and breaks off each time counts as unreachable |
/// | ``shortestOutage``, ``longestOutage`` | 30 s, 10 min | doubled each time |
/// | ``share`` | a quarter of the memory | for one destination |
/// | ``claim`` | a quarter of the memory | for one claim, so that it is quick |
/// | ``intake`` | half of the memory | mail straight from receivers leaves room for older mail |
/// | ``excess`` | 8 times the memory | mail for destinations that have enough does not count, up to this |
/// | ``slowness`` | 5 s | a destination with more mail than moves in this time is slow |
/// | ``stay`` | 30 s | mail that a slow destination cannot take in this time goes back to the queue |
/// | ``leastKept``, ``mostKept`` | 2 and 16 shares | it keeps at least this, and at most this |
/// | ``shortestAbsence``, ``longestAbsence`` | 30 s, 10 min | how long such mail stays in the queue |
/// | ``returnsPerSecond`` | 100 | if nothing moves, this number of parcels a second may come back |
/// | ``memoryOfRate`` | 0.8 | of the rate a second ago is kept if less moves now: the rate rises at once and falls slowly |
/// | ``remembered`` | 2000 destinations | beyond this, what was learned of idle destinations is forgotten |
/// | ``searchPause``, ``shortSearchPause`` | 1 s, 250 ms | between claims that leave lanes out: after one that found nothing, or something |
/// | ``searchWeight``, ``longestSearchPause`` | 10 times, 5 s | slow searches are made less often |
/// | ``laneLook`` | 1 s | how often the speed of mail is measured |
/// | ``leaseLook`` | 2 s | how soon the runner notices that another runner died, or that another process added mail |
/// | ``queueLook`` | 60 s | the runner looks at the queue this often in any case |
/// | ``troubleLook`` | 10 s | and this soon after the queue could not be read |
struct LanePolicy: Hashable, Sendable {
  /// Workers at a time, for all destinations.
  let workers: Int
  /// About how many parcels wait in memory for a worker.
  let memory: Int

  let standby: Duration

  init(workers: Int = 200, memory: Int = 1000, standby: Duration = Self.standardStandby) {
    self.workers = max(1, workers)
    self.memory = memory
    self.standby = standby
  }

  // MARK: workers

  var unprovenWorkers: Int { max(1, workers * 4 / 5) }
  var unprovenFurtherWorkers: Int { unprovenWorkers / 4 }
  var standbyWorkers: Int { (workers + 1) / 2 }
  static let standardStandby: Duration = .seconds(1)
  var jobsPerWorker: Int { 4 }
  var turn: Int { 50 }
  var standstill: Duration { .seconds(1) }
  var longestPause: Duration { .seconds(1) }

  // MARK: trouble

  var patience: Int { 5 }
  var shortestOutage: Duration { .seconds(30) }
  var longestOutage: Duration { .seconds(600) }

  // MARK: memory

  var share: Int { max(1, memory / 4) }
  var claim: Int { max(1, memory / 4) }
  var intake: Int { memory / 2 }
  var excess: Int { memory * 8 }
  var slowness: Double { 5 }
  var stay: Double { 30 }
  var leastKept: Int { share * 2 }
  var mostKept: Int { share * 16 }
  var shortestAbsence: Double { 30 }
  var longestAbsence: Double { 600 }
  var returnsPerSecond: Double { 100 }
  var memoryOfRate: Double { 0.8 }
  var remembered: Int { 2000 }

  // MARK: looking

  var searchPause: Duration { .seconds(1) }
  var shortSearchPause: Duration { .milliseconds(250) }
  var searchWeight: Int { 10 }
  var longestSearchPause: Duration { .seconds(5) }
  var laneLook: Duration { .seconds(1) }
  var leaseLook: Duration { .seconds(2) }
  var queueLook: Duration { .seconds(60) }
  static let troubleLook: Duration = .seconds(10)
}
