import Testing

@testable import bake

/// `--strip N` belongs to the `-R` behind it.
@Suite struct StripFoldingTests {
    static let cases: [(typed: [String], folded: [String])] = [
        (["-R", "a"], ["-R", "a"]),
        (["--strip", "1", "-R", "a", "-R", "b"], ["-R", "strip=1:a", "-R", "b"]),
        (["-R", "a", "--strip=2", "--root", "b:/opt"], ["-R", "a", "-R", "strip=2:b:/opt"]),
        (["build", "--strip", "1", "-n", "--root=a"], ["build", "-n", "-R", "strip=1:a"]),
        (
            ["--strip", "1", "-R", "a", "--strip", "3", "-R", "b"],
            ["-R", "strip=1:a", "-R", "strip=3:b"]
        ),
        // What nothing can be made of is left for the parser.
        (["--strip", "1"], ["--strip", "1"]),
        (["--strip", "1", "-o", "x"], ["-o", "x", "--strip", "1"]),
        (["--strip", "1", "--strip=2", "-R", "a"], ["--strip", "1", "-R", "strip=2:a"]),
        (["--strip", "-1", "-R", "a"], ["--strip", "-1", "-R", "a"]),
        (["--strip", "x", "-R", "a"], ["--strip", "x", "-R", "a"]),
        (["--strip"], ["--strip"]),
        (["--strip", "1", "-R"], ["-R", "--strip", "1"]),
    ]

    @Test(arguments: cases)
    func folding(_ test: (typed: [String], folded: [String])) {
        #expect(CommandLineArguments.foldingStrip(test.typed) == test.folded)
    }
}
