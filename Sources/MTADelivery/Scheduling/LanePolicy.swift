import MTACore

/// The numbers that scheduling goes by. Two come from the settings, ``workers`` and ``memory``; the others follow from them, or from what
/// was measured.
///
/// | number | value | why |
/// |---|---|---|
/// | ``unprovenWorkers`` | 4/5 of the workers | silent servers, however many, leave a fifth to local mail and to servers that answer |
/// | ``unprovenFurtherWorkers`` | a quarter of those | the first worker of another destination is of more use than the second of one |
/// | ``standbyWorkers`` | half of the workers | a connection is kept without mail only while places are plenty |
/// | ``standby`` | 1 s | the next mail of a busy pair of servers comes within it |
/// | ``jobsPerWorker`` | 4 | a further connection costs more than it saves for fewer mails |
/// | ``turn`` | 50 jobs | a busy destination's last worker leaves then, if others have none |
/// | ``standstill`` | 1 s | mail that waits so long behind a slow delivery gets another worker |
/// | ``longestPause`` | 1 s | a worker waits so long for its destination's next start; for a later one it leaves |
/// | ``patience`` | 5 troubles in a row | a server that answers and breaks off each time is as good as none |
/// | ``shortestOutage``, ``longestOutage`` | 30 s, 10 min | doubled each time |
/// | ``share`` | a quarter of the memory | one destination's |
/// | ``claim`` | a quarter of the memory | one claim's, so that none takes long |
/// | ``intake`` | half of the memory | what comes straight from receivers leaves room for what is older |
/// | ``excess`` | 8 times the memory | what waits for destinations that have enough does not count, up to this |
/// | ``slowness`` | 5 s | what waits is more than moves in it: the destination is slow |
/// | ``stay`` | 30 s | what a slow destination cannot take in it goes back to the queue |
/// | ``leastKept``, ``mostKept`` | 2 and 16 shares | but not less than this, nor more |
/// | ``shortestAbsence``, ``longestAbsence`` | 30 s, 10 min | for so long it goes back |
/// | ``returnsPerSecond`` | 100 | where nothing moves, so many parcels a second are let come back |
/// | ``memoryOfRate`` | 0.8 | of the rate a second ago, where less moves now: it rises at once and falls slowly |
/// | ``remembered`` | 2000 destinations | what was learned of more is forgotten when they have nothing to do |
/// | ``searchPause``, ``shortSearchPause`` | 1 s, 250 ms | between claims that leave lanes out: after one that found nothing, or something |
/// | ``searchWeight``, ``longestSearchPause`` | 10 times, 5 s | a search that takes long is not made often |
/// | ``laneLook`` | 1 s | how often it is seen how fast mail moves |
/// | ``leaseLook`` | 2 s | how soon it is noticed that a runner died, or that another process added mail |
/// | ``queueLook`` | 60 s | the queue is looked at so often in any case |
/// | ``troubleLook`` | 10 s | and so soon after it could not be read |
struct LanePolicy: Hashable, Sendable {
  /// Workers at a time, all destinations together.
  let workers: Int
  /// Parcels that wait in memory for a worker, about.
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
  var troubleLook: Duration { .seconds(10) }
}
