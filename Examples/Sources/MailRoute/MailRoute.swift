import MTACore
import MTADNS

@main
enum Route {
  static func main() async {
    let dns = DNSResolver()  // the servers of /etc/resolv.conf
    for word in CommandLine.arguments.dropFirst() {
      guard let domain = DNSName(international: word) else {
        print("\(word): no domain name")
        continue
      }
      switch await dns.mailRoute(of: domain) {
      case .exchangers(let exchangers):
        for exchanger in exchangers {
          if case .found(let addresses) = await dns.addresses(of: exchanger.host) {
            print("\(domain): \(exchanger.preference) \(exchanger.host) \(addresses)")
          }
        }
      case .nullMX: print("\(domain) takes no mail")
      case .noSuchDomain: print("\(domain) does not exist")
      case .failure(let reason): print("\(domain): cannot say, \(reason)")
      }
    }
  }
}
