import Testing
import Trees

@testable import Baking

@Suite struct LinkCheckTests {
    static let links: [(target: String, flaw: String?)] = [
        ("file", nil), ("/d/file", nil), ("../d/file", nil), ("/proc/mounts", nil),
        ("../run/x/y", nil), ("nothing", "leads to nothing"), ("/etc/nothing", "leads to nothing"),
        ("link", "is a circle"), ("../../file", "leads above the root"),
        ("/../file", "leads above the root"), ("file/below", "leads to nothing"),
    ]

    @Test(arguments: links)
    func strayLinksAreNamed(_ test: (target: String, flaw: String?)) throws {
        var layer = Layer(name: "tree")
        layer.add(.file([]), at: "d/file")
        layer.add(.symlink(to: Bytes(test.target.utf8)), at: "d/link")
        let warnings = LinkCheck(tree: try .overlay([layer])).warnings()
        #expect(warnings.count == (test.flaw == nil ? 0 : 1), "\(warnings)")
        if let flaw = test.flaw {
            #expect(warnings.first?.hasPrefix("the symbolic link '/d/link' -> '") == true)
            #expect(warnings.first?.contains(flaw) == true, "\(warnings)")
        }
    }
}
