import MTACore
import MTALink
import MTASystem
final class LinkClient: Sendable { func connect(_ d: OwnedDescriptor) {} }
struct LinkStore: MessageStore { init(_ l: LinkClient) {}
  func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool { throw .closed } }
struct LinkHub { func add(_ d: OwnedDescriptor) {}; func close() {}; func drained(within: Duration) async {} }
extension MailServer { func linkHub() -> LinkHub { LinkHub() } }
