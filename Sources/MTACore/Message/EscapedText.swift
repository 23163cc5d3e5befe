extension String {
  /// Appends text, with control characters, and characters that could reorder a line on a screen, as `\u{…}`.
  package mutating func append(escaping text: String) {
    if text.utf8.allSatisfy({ (32...126).contains($0) }) {
      self += text
      return
    }
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
        self += "\\u{" + String(scalar.value, radix: 16) + "}"
      default: unicodeScalars.append(scalar)
      }
    }
  }
}
