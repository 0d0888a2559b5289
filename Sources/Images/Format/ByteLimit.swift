/// Bounds for numbers that come out of a file, so that what we compute with them cannot overflow.
enum ByteLimit {
    /// No offset, length or amount of memory is larger; every sum of a few stays far below
    /// `Int.max`.
    static let offset = 1 << 48
    /// No manifest is longer: its JSON is read with the limit of a configuration.
    static let manifest = 1 << 20
    /// No text of the provenance is longer once unpacked.
    static let provenance = 256 << 20
    /// No settings archive is longer: a configuration of 1 MiB and what stands around it.
    static let settings = 2 << 20
}
