import MTACore

/// Filters that are asked one after the other. The first that does not pass the mail decides, and fields of those before it are left
/// out.
package struct FilterChain: ContentFilter {
  private let filters: [any ContentFilter]

  package init(_ filters: [any ContentFilter]) { self.filters = filters }

  package func judge(_ mail: FilteredMail) async -> FilterVerdict {
    var fields: [HeaderEdit] = []
    for filter in filters {
      let verdict = await filter.judge(mail)
      guard case .pass(let added) = verdict else { return verdict }
      fields += added
    }
    return .pass(adding: fields)
  }
}
