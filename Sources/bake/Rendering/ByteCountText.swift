/// Sizes as people read them: `914 B`, `14.2 MiB`.
enum ByteCountText {
    static func render(_ byteCount: Int64) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB"]
        var tenths = byteCount * 10
        var unit = "B"
        for next in units where tenths >= 10_240 {
            tenths = (tenths + 512) / 1024
            unit = next
        }
        return unit == "B" ? "\(byteCount) B" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }

    /// RAM is bought in whole MiB: rounded up.
    static func mebibytes(_ byteCount: Int64) -> String {
        "\((byteCount + (1 << 20) - 1) >> 20) MiB"
    }
}
