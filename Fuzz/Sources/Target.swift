#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What libFuzzer calls, over and over, with bytes that reach ever more of the code. The environment names the target.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target(Array(UnsafeBufferPointer(start: data, count: count)))
  return 0
}

private let target: @Sendable ([UInt8]) -> Void = {
  let name = getenv("MTA_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  switch name {
  case "dns": return fuzzDNS
  case "dkim": return fuzzDKIM
  case "command": return fuzzCommand
  case "reply": return fuzzReply
  case "header": return fuzzHeader
  case "name": return fuzzName
  case "convert": return fuzzConvert
  default:
    print("MTA_FUZZ_TARGET is none of dns, dkim, command, reply, header, name, convert")
    exit(64)
  }
}()

/// The input in pieces, whose sizes its own bytes decide.
func pieces(of input: [UInt8]) -> [ArraySlice<UInt8>] {
  var pieces: [ArraySlice<UInt8>] = []
  var rest = input[...]
  while let first = rest.first {
    pieces.append(rest.prefix(1 + Int(first) % 37))
    rest = rest.dropFirst(1 + Int(first) % 37)
  }
  return pieces
}
