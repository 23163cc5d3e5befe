// error: cannot convert return expression of type 'String' to return type 'Mailbox'
import MTACore

func mailbox(of user: String) -> Mailbox { "\(user)@shop.example" }
