import MTAReceiver

extension SettingsTable {
  static let listening: [Setting] = [
    .listeningPorts(
      "Each `PORT` (all addresses, IPv4 and IPv6), `IPv4:PORT`, `IPv6/PORT` or `[IPv6]:PORT`."),
    .port(
      "standardMailPort", \.standardMailPort,
      "The port for other servers. A listening port without a role is one of these too."),
    .port(
      "internalSubmitPort", \.internalSubmitPort,
      "The port for hosts of `trustedNetworks`, which may relay through it."),
    .ports(
      "submissionPorts", \.submissionPorts,
      "The ports for members, authenticated and encrypted."),
    .submissionPort(
      """
      The first of `submissionPorts`: the port that members are told to use. If there is only one, this key is enough.
      """),
    .ports(
      "implicitTLSPorts", \.implicitTLSPorts,
      """
      Of the listening ports, those with TLS from the first byte. They need a certificate. A port without another role \
      is a submission port, so 465 and 587 stand side by side with `"submissionPort": 587, "implicitTLSPorts": [465]`.
      """),
    .ports(
      "lmtpPorts", \.lmtpPorts,
      "Of the listening ports, those that speak LMTP. Rules about members' ports do not hold there."),
    .ports(
      "proxyPorts", \.proxyPorts,
      """
      Of the listening ports, those behind a proxy: connections begin with a PROXY header (version 1 or 2). They need \
      `proxies`.
      """),
    .networks(
      "proxies", \.receiver.proxies,
      """
      The proxies that `proxyPorts` serve; other clients are not served there. Their own health checks (LOCAL, \
      UNKNOWN, or without a header on other ports) are always greeted, and never counted or locked out.
      """),
    .networks(
      "xclientNetworks", \.receiver.xclientNetworks,
      """
      Front ends that may name their client by XCLIENT. Until they do, they count as `proxies` do; from then on the \
      client counts.
      """),
    .optionalPath(
      "certificate", \.certificate,
      "PEM, the server's own certificate first. STARTTLS needs certificate and key, and AUTH needs TLS."
    ).reloaded,
    .optionalPath(
      "privateKey", \.privateKey,
      "PEM, not encrypted."
    ).reloaded,
    .certificates(
      """
      Certificates by the name that a client asks for (SNI). `*.example.org` stands for every name with one label more, \
      `*` for all other clients, as `certificate` and `privateKey` do. Without a default, that of `serverName` is it, or \
      the first by name.
      """
    ).reloaded,
    .count(
      "maximumConnections", \.receiver.maximumConnections, 1...1_000_000,
      "Connections at a time; further ones get 421."),
    .count(
      "maximumConnectionsPerAddress", \.receiver.maximumConnectionsPerAddress, 1...1_000_000,
      "The same for one IPv4 address or one /64 network of IPv6."),
    .httpListen(
      """
      Where metrics and health are answered by HTTP, as `127.0.0.1:9025`: `/metrics` for Prometheus, `/health/live`, \
      `/health/ready`. A port alone is one of 127.0.0.1. There is no login: see [METRICS.md](METRICS.md).
      """),
  ]
}
