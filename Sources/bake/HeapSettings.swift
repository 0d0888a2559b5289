internal import CMalloc

/// How the heap deals with the lists of files that are made, merged and dropped one after the other.
enum HeapSettings {
    /// Large memory goes back to the system when it is dropped. Left alone, glibc takes the first
    /// large block that is freed as a sign to keep all blocks of that length (mallopt(3),
    /// M_MMAP_THRESHOLD), in holes that the next, longer list does not fit into: 15 of 124 MiB with a
    /// tree of 124,000 files.
    static func apply() {
        // Refused, it costs memory and nothing else.
        _ = mallopt(M_MMAP_THRESHOLD, 256 << 10)
    }
}
