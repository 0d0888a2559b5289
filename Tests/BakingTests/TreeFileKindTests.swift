import Testing
import Trees

@testable import Baking

@Suite struct TreeFileKindTests {
    private static let kernelHead: Bytes =
        Bytes(repeating: 0, count: 0x1fe) + [0x55, 0xaa, 0, 0] + Bytes("HdrS".utf8)

    @Test func aFileIsWhatItsFirstBytesSay() {
        #expect(TreeFileKind(firstBytes: Bytes("hsqs".utf8)) == .squashfs)
        #expect(TreeFileKind(firstBytes: Self.kernelHead) == .image)
        #expect(TreeFileKind(firstBytes: Bytes(Self.kernelHead.dropLast())) == .archive)
        #expect(TreeFileKind(firstBytes: [0x1f, 0x8b]) == .archive)
        #expect(TreeFileKind(firstBytes: []) == .archive)
    }

    @Test func whatCannotBeOpenedIsLeftToTheReaderOfArchives() {
        #expect(TreeFileKind(ofFileAt: "/nowhere/at/all") == .archive)
        #expect(TreeFileKind(ofFileAt: "/") == .archive)
    }
}
