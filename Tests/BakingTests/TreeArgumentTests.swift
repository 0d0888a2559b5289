import Testing

@testable import Baking

@Suite struct TreeArgumentTests {
    typealias Tree = BakeRequest.Tree

    static let arguments: [(argument: String, tree: Tree?)] = [
        ("base/", Tree(source: "base/")),
        ("base:/opt/app", Tree(source: "base", target: "/opt/app")),
        ("/srv/base:/", Tree(source: "/srv/base", target: "/")),
        ("odd:/name:/", Tree(source: "odd:/name", target: "/")),
        ("a:b", Tree(source: "a:b")),
        ("strip=2:app.tar.gz", Tree(source: "app.tar.gz", stripCount: 2)),
        ("strip=1:app:/opt", Tree(source: "app", target: "/opt", stripCount: 1)),
        ("oci:/var/images:tag", Tree(source: "oci:/var/images:tag")),
        ("oci-archive:/x.tar:/opt", Tree(source: "oci-archive:/x.tar", target: "/opt")),
        ("docker-archive:/x.tar:a/b:1", Tree(source: "docker-archive:/x.tar:a/b:1")),
        ("strip=x:a", nil), ("strip=-1:a", nil), ("a:/../b", nil), ("a:/./b", nil),
    ]

    @Test(arguments: arguments)
    func spelling(_ test: (argument: String, tree: Tree?)) {
        #expect(Tree(argument: test.argument) == test.tree)
    }
}
