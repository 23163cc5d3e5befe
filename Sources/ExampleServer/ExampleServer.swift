@main struct ExampleServer { static func main() {} }
