import FoundationEssentials
import MTACore

/// The envelope in the `messages` table: JSON, readable without this program.
enum EnvelopeText {
  static func encode(_ envelope: Envelope) throws(StoreFailure) -> String {
    do { return try CompactJSON.encode(envelope) } catch {
      throw .failed("the envelope of \(envelope.id) cannot be written as JSON: \(error)")
    }
  }

  static func decode(_ text: String) throws(StoreFailure) -> Envelope {
    do { return try JSONDecoder().decode(Envelope.self, from: Data(text.utf8)) } catch {
      throw .failed("unreadable envelope: \(error)")
    }
  }
}
