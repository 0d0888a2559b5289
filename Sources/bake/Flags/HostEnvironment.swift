internal import BakeContract
internal import Glibc

/// The environment `bake` itself was started with.
enum HostEnvironment {
    /// Everything in it that is UTF-8.
    static var strings: [String: String] {
        var strings: [String: String] = [:]
        var next: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = environ
        while let pointer = next?.pointee {
            let variable = String(validatingCString: pointer)?.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if let variable, variable.count == 2 {
                strings[String(variable[0])] = String(variable[1])
            }
            next = next?.advanced(by: 1)
        }
        return strings
    }

    static func value(of name: String) -> [UInt8]? {
        getenv(name).map { pointer in
            Array(UnsafeRawBufferPointer(start: pointer, count: strlen(pointer)))
        }
    }
}

/// SOURCE_DATE_EPOCH, as reproducible-builds.org specifies it: decimal digits, nothing else.
enum SourceDateEpoch {
    /// The largest time squashfs can hold.
    private static let latest: Int64 = 0xffff_ffff

    static func fromEnvironment() throws(CommandFailure) -> Int64? {
        guard let bytes = HostEnvironment.value(of: "SOURCE_DATE_EPOCH") else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        let isDigits = !bytes.isEmpty && bytes.allSatisfy { (0x30...0x39).contains($0) }
        guard isDigits, let seconds = Int64(text), seconds <= latest else {
            throw CommandFailure(
                .malformedInput, "SOURCE_DATE_EPOCH is '\(text)', not a number from 0 to \(latest)",
                hint: "for the time of a commit: SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)")
        }
        return seconds
    }
}
