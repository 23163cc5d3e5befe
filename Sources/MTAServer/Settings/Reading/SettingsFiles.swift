import MTACore
import MTASystem

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A settings file and those that it includes, as one object.
struct SettingsFiles {
  private(set) var reading = SettingsReading()
  private(set) var problems: [String] = []
  private let source: InheritedFiles
  private var bytesLeft = Self.maximumBytes

  /// Of all files together: 16 MiB.
  static let maximumBytes = 16_777_216
  static let maximumFiles = 64
  /// Of a file that is included by one that is included …
  static let maximumDepth = 8

  /// Reads all of them. Problems are collected.
  init(_ path: String, from source: InheritedFiles = .shared) {
    self.source = source
    let path = PathName.absolute(path)
    reading.folder = DurableFiles.parent(of: path)
    take(path, includedBy: [])
  }

  private mutating func take(_ path: String, includedBy chain: [String]) {
    let place = chain.last.map { "include: \(path) (in \($0))" } ?? path
    guard !chain.contains(path) else {
      problems.append("include: \(path) includes itself (in \(chain.last ?? path))")
      return
    }
    guard !reading.files.contains(path) else {
      problems.append("\(place): is included twice")
      return
    }
    guard chain.count < Self.maximumDepth, reading.files.count < Self.maximumFiles else {
      problems.append(
        "\(place): is one too many; files may include each other \(Self.maximumDepth - 1) deep, and be \(Self.maximumFiles)"
      )
      return
    }
    reading.files.append(path)
    guard var values = values(of: path, place) else { return }
    let included = values.removeValue(forKey: "include")
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      if case .file(let other) = reading.origins[key] {
        problems.append("\(key): stands in both \(other) and \(path)")
      } else {
        reading.values[key] = value
        reading.origins[key] = .file(path)
      }
    }
    guard let included else { return }
    if reading.origins["include"] == nil { reading.origins["include"] = .file(path) }
    guard let paths = [String](included), paths.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(0) }) else {
      problems.append("include: must be a list of paths, not \(included.shown) (in \(path))")
      return
    }
    for other in paths {
      take(PathName.absolute(other, in: DurableFiles.parent(of: path)), includedBy: chain + [path])
    }
  }

  private mutating func values(of path: String, _ place: String) -> [String: AttributeValue]? {
    let bytes: [UInt8]
    do throws(FileFailure) {
      bytes = try source.read(path, upTo: bytesLeft + 1, at: "settings.read")
    } catch {
      problems.append(
        place == path ? "the settings file cannot be read: \(error)" : "\(place): cannot be read: \(error)")
      return nil
    }
    guard bytes.count <= bytesLeft else {
      problems.append("\(place): all settings files may have \(Self.maximumBytes) bytes together, and not more")
      return nil
    }
    bytesLeft -= bytes.count
    do { return try Self.object(bytes, path) } catch {
      problems += error.problems
      return nil
    }
  }

  /// - Throws: ``SettingsFailure`` with the first fault, and its place.
  static func object(_ bytes: [UInt8], _ path: String) throws(SettingsFailure) -> [String: AttributeValue] {
    do throws(JSONCheck.Fault) { try JSONCheck.check(bytes) } catch {
      throw SettingsFailure(["\(path), \(error) (JSON)"])
    }
    do {
      return try JSONDecoder().decode([String: AttributeValue].self, from: Data(bytes))
    } catch DecodingError.dataCorrupted(let context) {
      let cause = context.underlyingError.map { ": \($0)" } ?? ""
      throw SettingsFailure(["\(path) is not a JSON object: \(context.debugDescription)\(cause)"])
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      let key = context.codingPath.first?.stringValue
      throw SettingsFailure([key.map { "\($0): null is not allowed (in \(path))" } ?? "\(path) is not a JSON object"])
    } catch {
      throw SettingsFailure(["\(path) is not a JSON object"])
    }
  }
}
