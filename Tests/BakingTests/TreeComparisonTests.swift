import Testing
import Trees

@testable import Baking

/// What `--check-reproducible` says of two trees that should be the same.
@Suite("Trees compared") struct TreeComparisonTests {
    private static let base = """
        d 0755 0:0 0 /
        d 0755 0:0 0 /etc
        f 0644 0:0 0 /etc/hosts 21 = /etc/also
        l 0777 0:0 0 /bin -> usr/bin
        c 0600 0:0 0 /dev/console 5:1
        """

    static let changes: [(line: String, instead: String, said: [String])] = [
        ("/etc", "/etc", []),
        (
            "d 0755 0:0 0 /etc\n", "d 0750 7:8 -1 /etc\n",
            ["/etc: mode 0755, then 0750; owner 0:0, then 7:8; time 0, then -1"]
        ),
        ("hosts 21", "hosts 22", ["/etc/also: 21 bytes, then 22"]),
        ("-> usr/bin", "-> usr/sbin", ["/bin: leads to usr/bin, then to usr/sbin"]),
        ("5:1", "5:2", ["/dev/console: device 5:1, then 5:2"]),
        ("5:1", "5:1 [user.a=01]", ["/dev/console: other extended attributes"]),
        (
            "c 0600 0:0 0 /dev/console 5:1", "p 0600 0:0 0 /dev/console",
            ["/dev/console: kind a character device, then a named pipe"]
        ),
        (
            "/bin -> usr/bin", "/lib -> usr/bin",
            [
                "/bin: only in the first image", "/lib: only in the second image",
            ]
        ),
    ]

    @Test(arguments: changes)
    func metadata(_ test: (line: String, instead: String, said: [String])) throws {
        let first = try Layer(name: "1", text: Self.base)
        let second = try Layer(
            name: "2", text: Self.base.replacing(test.line, with: test.instead))
        let said = try TreeComparison(first, second).differences().map {
            "\(String(decoding: $0.path, as: UTF8.self)): \($0.what)"
        }
        #expect(said == test.said)
    }

    @Test func contents() throws {
        var content = [UInt8](repeating: 7, count: 3 << 20)
        var first = Layer(name: "1")
        first.add(.file(content, mtimeSeconds: 0), at: "file")
        content[(2 << 20) + 5] = 8
        var second = Layer(name: "2")
        second.add(.file(content, mtimeSeconds: 0), at: "file")
        #expect(try TreeComparison(first, first).differences().isEmpty)
        let differences = try TreeComparison(first, second).differences()
        #expect(differences.map(\.what) == ["other content from byte 2097157 on"])
    }
}
