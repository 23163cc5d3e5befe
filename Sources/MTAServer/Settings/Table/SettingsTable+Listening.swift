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
      The first of `submissionPorts`: the port that members are told to use. Where there is one, this key will \
      do.
      """),
    .ports(
      "implicitTLSPorts", \.implicitTLSPorts,
      """
      Of the listening ports, those with TLS from the first byte. Need a certificate. One without another role \
      is a submission port, so 465 and 587 stand side by side with `"submissionPort": 587, "implicitTLSPorts": \
      [465]`.
      """),
    .ports(
      "lmtpPorts", \.lmtpPorts,
      "Of the listening ports, those that speak LMTP. Rules about members' ports do not hold there."),
    .ports(
      "proxyPorts", \.proxyPorts,
      """
      Of the listening ports, those behind a proxy: connections begin with a PROXY header (version 1 or 2). Need \
      `proxies`.
      """),
    .networks(
      "proxies", \.proxies,
      """
      The proxies that `proxyPorts` serve and believe; nobody else is served there. They are no strangers: their \
      own health checks (LOCAL, UNKNOWN, or without a header on other ports) are always greeted, never counted, \
      never locked out.
      """),
    .networks(
      "xclientNetworks", \.xclientNetworks,
      """
      Front ends that may say by XCLIENT whom they speak for. Until they do they are no strangers, as `proxies`; \
      from then on the client is counted.
      """),
    .optionalPath(
      "certificate", \.certificate,
      """
      PEM, the server's own certificate first. Without certificate and key there is no STARTTLS, and so no AUTH.
      """
    ).reloaded,
    .optionalPath(
      "privateKey", \.privateKey,
      "PEM, not encrypted."
    ).reloaded,
    .count(
      "maximumConnections", \.maximumConnections, 1...1_000_000,
      "Connections at a time; further ones get 421."),
    .count(
      "maximumConnectionsPerAddress", \.maximumConnectionsPerAddress, 1...1_000_000,
      "The same for one IPv4 address or one /64 network of IPv6."),
  ]
}
