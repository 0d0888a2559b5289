internal import BakeContract
internal import Glibc

/// Whether there is room to work in. Where there is none for a thread, libdispatch waits for ever;
/// where memory ends later, the Swift runtime ends the process (swift_slowAlloc) with no word about
/// what it was doing.
enum AddressSpace {
    /// What the smallest bake reserves: stacks, and for each thread an arena of malloc(3), of which
    /// most is never touched.
    private static let neededByteCount = 256 << 20

    /// To be asked before there is a second thread.
    static var shortage: CommandFailure? {
        let space = mmap(
            nil, neededByteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard space != MAP_FAILED else {
            let reason = String(cString: strerror(errno))
            return CommandFailure(
                .failed,
                "cannot start: fewer than \(neededByteCount >> 20) MiB of address space are left: "
                    + reason,
                hint: "this process may not have more: raise 'ulimit -v'")
        }
        munmap(space, neededByteCount)
        return nil
    }
}
