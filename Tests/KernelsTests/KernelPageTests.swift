import Foundation
import TestSupport
import Testing

@testable import Kernels

/// docs/kernels.md names every option and module that is used.
@Suite struct KernelPageTests {
    @Test(arguments: GuestFeature.all.map(\.option))
    func optionIsDocumented(_ option: String) throws {
        let page = try String(
            contentsOfFile: "\(StagedBake.repository)/docs/kernels.md", encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| CONFIG_") }
        let row = try #require(
            rows.first { $0.contains("\(option) ") || $0.contains("\(option),") })
        for feature in GuestFeature.all where feature.option == option {
            if let module = feature.module { #expect(row.contains("| \(module) |")) }
        }
    }
}
