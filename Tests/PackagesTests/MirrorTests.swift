import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Packages

/// Layers of real packages, through whatever mirror this machine's apt is configured with.
@Suite(.serialized) struct MirrorTests {
    @Test func hand() async throws {
        let environment = ProcessInfo.processInfo.environment
        let cache = PackageCache(directory: FilePath(environment["HAND_CACHE"]!))
        var request = PackageRequest(
            packages: environment["HAND"]!.split(separator: " ").map(String.init))
        request.suite = environment["HAND_SUITE"]
        if let v = environment["HAND_VARIANT"] { request.variant = PackageVariant(rawValue: v)! }
        let start = Date()
        do {
            let set = try await cache.resolve(request, refresh: environment["HAND_REFRESH"] != nil)
            { print(Date().timeIntervalSince(start), $0) }
            print(
                set.archive, set.packages.count, set.wasCached, set.trouble ?? "",
                Date().timeIntervalSince(start))
        } catch { print(error, error.hint ?? "") }
    }
}
