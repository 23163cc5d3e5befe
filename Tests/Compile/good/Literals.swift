import MTACore

let domains: [Domain] = ["shop.example", "[192.0.2.1]"]
let users: [Mailbox: String?] = ["ann@shop.example": nil]
let list: DNSName = "zen.dnsbl.example"

/// What is not in the source is read, and may be wrong.
func read(_ text: String) throws(AddressFailure) -> (Mailbox?, Mailbox, Mailbox?) {
  (Mailbox(text), try Mailbox(validating: text), Mailbox("\(text)@shop.example"))
}

func isRival(_ sender: ReversePath) -> Bool { sender.isFrom("rival.example") || sender.mailbox == "boss@x.example" }
