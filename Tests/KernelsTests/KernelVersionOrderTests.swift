import TestSupport
import Testing

@testable import Kernels

@Suite struct KernelVersionOrderTests {
    static let pairs: [(String, String)] = [
        ("6.1.0-9-amd64", "6.1.0-56-amd64"), ("6.1.0-56-amd64", "6.1.0-56-cloud-amd64"),
        ("6.1~rc1", "6.1"), ("6.1", "6.1a"), ("6.1a", "6.1+1"), ("5.10.0", "6.0"), ("1.0", "1.00"),
        ("", "0"), ("", "a"), ("~", ""), ("1.2.3-4", "1.2.3-4.1"), ("09", "10"), ("1..2", "1.0.2"),
    ]

    /// dpkg's verdict is the reference; epochs, which kernels have none of, are left out.
    @Test(arguments: pairs) func agreesWithDpkg(_ pair: (String, String)) throws {
        for (a, b) in [pair, (pair.1, pair.0), (pair.0, pair.0)] {
            // A prefix keeps every text a version in dpkg's eyes.
            let status = try runProcess(
                ["dpkg", "--compare-versions", "0" + a, "lt", "0" + b]
            ).status
            #expect(isVersion("0" + a, before: "0" + b) == (status == 0), "\(a) < \(b)")
        }
    }
}
