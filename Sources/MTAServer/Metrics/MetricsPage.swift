import MTASystem

/// `Docs/METRICS.md`: what `/metrics` tells. The table follows from ``MeterTable``.
package enum MetricsPage {
  package static var text: String {
    var text = head + "\n| metric | kind | labels | what it says |\n|---|---|---|---|\n"
    for family in MeterTable.own.families {
      let labels = family.labels.map { "`\($0.name)`" }.joined(separator: ", ")
      text += "| `\(family.name)` | \(family.kind.rawValue) | \(labels.isEmpty ? "–" : labels) | \(family.help) |\n"
    }
    text += "| `mta_build_info` | gauge | `version` | Always 1. |\n\n## Labels\n\n"
    text += "A label has no other values than these. Text of a client, a server or a user is never one.\n\n"
    text += "| label | of | values |\n|---|---|---|\n"
    var seen: Set<String> = []
    for family in MeterTable.own.families {
      for label in family.labels {
        let values = label.values.map { "`\($0)`" }.joined(separator: " ")
        guard seen.insert(label.name + values).inserted else { continue }
        let names = MeterTable.own.families.filter { family in
          family.labels.contains { $0.name == label.name && $0.values == label.values }
        }.map { "`\($0.name)`" }
        text += "| `\(label.name)` | \(names.joined(separator: ", ")) | \(values) |\n"
      }
    }
    return text + tail
  }

  private static let head = """
    # Metrics and health

    <!-- Made by `ExampleServer metrics --markdown`; a test compares the two. -->

    The setting [`httpListen`](SETTINGS.md) names an address, as `"127.0.0.1:9025"`. There the server answers three questions by HTTP:

    | path | answer |
    |---|---|
    | `/metrics` | All numbers of this page, in the text format of Prometheus. |
    | `/health/live` | 200 as long as it answers at all. |
    | `/health/ready` | 200 if mail can be accepted and sent now, else 503. The text has a line for each check. |

    `/health/ready` checks this, every few seconds:

    | check | in order when |
    |---|---|
    | `database` | a write to the database became durable, and a file could be made in `mailQueue` |
    | `disk` | 32 MiB are free where database and `mailQueue` are |
    | `dns` | a resolver answered within 15 seconds before, whatever it said |
    | `listeners` | a process takes connections |

    What was found more than 30 seconds ago counts as failed: so a disk that hangs is seen, too.

    There is no login and no encryption: whoever reaches the address reads the numbers. They have no address, name or text of anybody. \
    Without `httpListen` and without a backend of the program (below) nothing is counted, and nothing costs anything.

    [Deploy/prometheus.yml](../Deploy/prometheus.yml) is an example for Prometheus.

    ## With several processes

    Each process counts in a page of memory that the master made for it, and a process of its own (role `web`) reads all pages and answers. \
    See [ARCHITECTURE.md](ARCHITECTURE.md). So numbers are those of the whole server. When a process ends, its counts go to the master's \
    page: a counter does not fall, whatever ends, short of the whole server. An [upgrade](ARCHITECTURE.md#an-upgrade) keeps them if the new \
    program has the same table.

    With `processPerConnection` a session counts in the page of its acceptor, and memory, descriptors and processor time of sessions are \
    not measured.

    ## A backend of your own

    A program that calls `MetricsSystem.bootstrap` of swift-metrics, before it makes its `MailServer`, gets the same events, with the same \
    names and labels: counters as counters, gauges as meters, histograms of seconds as timers, others as recorders. Its counters \
    are whole numbers, so `mta_process_cpu_seconds_total` comes there in microseconds. `httpListen` is not needed for that. `main` runs in each process of a server, and each has its own backend: a backend that waits to be asked, rather than \
    pushing, is good for `isolation: inProcess` alone.

    ## Metrics

    Counters begin at 0 with the server. Families with more than 16 series show only those that were counted.

    """

  private static let tail = """

    ## Questions

    | question | in PromQL |
    |---|---|
    | mails accepted per second | `rate(mta_mails_accepted_total[5m])` |
    | the share of refused recipients | `sum(rate(mta_refusals_total{stage="RCPT"}[5m])) / sum(rate(mta_commands_total{verb="RCPT"}[5m]))` |
    | how long a client waits for the disk, at the 99th percentile | `histogram_quantile(0.99, rate(mta_store_seconds_bucket[5m]))` |
    | deliveries that failed, by how far they came | `sum by (phase) (rate(mta_deliveries_total{outcome="failed"}[1h]))` |
    | copies that wait for more than four hours | `sum(mta_queue_copies{state="waiting",age=~"1d\\|2d\\|older"})` |
    | processes that crashed | `increase(mta_process_ends_total[1h])` |

    """
}
