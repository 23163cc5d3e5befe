// error: cannot convert value of type 'String' to expected argument type 'StaticString'
import MTACore

func read(_ text: String) -> Mailbox { Mailbox(stringLiteral: text) }
