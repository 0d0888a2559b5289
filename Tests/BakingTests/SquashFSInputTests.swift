import Foundation
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Trees

@testable import Baking

/// A squashfs file given as a tree.
@Suite struct SquashFSInputTests {
    private let scratch: TemporaryDirectory
    private var file: String { scratch.path("tree.squashfs") }

    init() throws {
        scratch = try TemporaryDirectory()
        try scratch.make([.directory("tree"), .noise("tree/noise", byteCount: 30_000_000)])
        let made = try runProcess([
            "mksquashfs", scratch.path("tree"), scratch.path("tree.squashfs"), "-noappend",
            "-quiet", "-no-progress",
        ])
        guard made.status == 0 else { throw TestFailure(made.stderrText) }
    }

    @Test func isReadWhole() throws {
        let layer = try Layer.read(squashfs: FilePath(file), scratch: FilePath(scratch.path))
        #expect(layer.entries.map(\.path) == [.root, "noise"])
        #expect(layer["noise"]?.byteCount == 30_000_000)
    }

    @Test func isRefusedWhenItIsWrittenToMeanwhile() throws {
        let writer = Writer(path: file)
        Thread.detachNewThread { writer.run() }
        let error = #expect(throws: BakeError.self) {
            try Layer.read(squashfs: FilePath(file), scratch: FilePath(scratch.path))
        }
        writer.stop()
        #expect(error?.description.contains("it was written to while it was read") == true)
        #expect(error?.kind == .failed)
    }
}

/// Gives a file another time, again and again.
private final class Writer: Sendable {
    private let path: String
    private let isOver = Mutex(false)
    private let ended = DispatchSemaphore(value: 0)

    init(path: String) {
        self.path = path
    }

    func run() {
        while !isOver.withLock({ $0 }) {
            utimes(path, nil)
            usleep(500)
        }
        ended.signal()
    }

    /// Returns when it has ended.
    func stop() {
        isOver.withLock { $0 = true }
        ended.wait()
    }
}
