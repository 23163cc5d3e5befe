import MTACore

import struct MTASystem.MeterTable
import enum MTASystem.MeterWords
import class MTASystem.Meters
import struct MTASystem.MonotonicInstant

/// What is counted of a session beside its events.
extension ConnectionPump {
  func count(_ reply: Reply, in meters: Meters) {
    meters.add(MeterTable.own.commands, session.latestCommand, MeterWords.place(ofCode: Int(reply.code)))
  }

  /// Nil where nobody measures hooks.
  var hookBegin: MonotonicInstant? { environment.meters == nil ? nil : .now }

  func count(_ hook: HookName?, since begin: MonotonicInstant) {
    guard let meters = environment.meters, let hook, let place = MeterWords.place(of: hook) else { return }
    meters.record(MeterTable.own.hookTime, place, time: begin.elapsed)
  }
}
