/// Why a text form could not be read.
public struct TreeTextError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Counted from 1.
    public let line: Int
    public let column: Int
    public let expected: String

    public var description: String { "\(line):\(column): expected \(expected)" }
}

extension Layer {
    /// A layer from its text form, one line an inode as `MergedTree.text` writes it; blank lines
    /// and those that begin with `#` say nothing. A file's line gives its length, so that many
    /// zeros are its content.
    public init(name: String, text: String) throws(TreeTextError) {
        self.init(name: name)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
            let parsed: NodeLine
            do throws(NodeLine.Flaw) {
                parsed = try NodeLine(String(line))
            } catch {
                throw TreeTextError(
                    line: index + 1, column: error.column, expected: error.expected)
            }
            add(parsed.node, at: parsed.paths[0])
            for other in parsed.paths.dropFirst() { link(other, to: parsed.paths[0]) }
        }
    }
}
