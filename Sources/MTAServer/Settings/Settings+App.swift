import MTACore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Settings {
  /// The object `app` of the file, as a `Decodable` type of the program.
  ///
  /// ```swift
  /// struct ShopSettings: Decodable {
  ///   var catalogue: String
  ///   var opens = 9
  /// }
  ///
  /// let settings = try Settings(contentsOf: "mta.json")   // {"serverName": …, "app": {"catalogue": "…", "opens": 8}}
  /// let shop = try settings.app(as: ShopSettings.self)
  /// ```
  ///
  /// - Throws: ``SettingsFailure`` naming the key, such as `app.catalogue`.
  public func app<Value: Decodable>(as type: Value.Type = Value.self) throws(SettingsFailure) -> Value {
    do {
      return try JSONDecoder().decode(type, from: JSONEncoder().encode(app))
    } catch let failure as DecodingError {
      throw SettingsFailure([Self.problem(failure)])
    } catch { throw SettingsFailure(["app: \(error)"]) }
  }

  private static func problem(_ failure: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String { (["app"] + path.map(\.stringValue)).joined(separator: ".") }
    switch failure {
    case .keyNotFound(let key, let context): return "\(place(context.codingPath + [key])): is required"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      return "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default: return "app: \(failure)"
    }
  }
}
