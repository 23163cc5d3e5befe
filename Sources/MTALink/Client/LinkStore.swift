package import MTACore
import NIOCore

/// The queue process's store, as a receiver sees it: mail goes in, and nothing else is possible.
///
/// A receipt promises what the store's own promises: the mail is on stable storage. If the queue process dies during a commit, the mail
/// is sent to the next one, which takes it once.
package struct LinkStore: MessageStore {
  let client: LinkClient

  package var capabilities: DeliveryCapabilities { client.capabilities }

  package func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool { LinkSpool(client, id) }
}
