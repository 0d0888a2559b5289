// Where the settings are found that a platform has for this machine. What they mean is
// BakeContract's business.

import BakeContract

/// Finds what one source of overrides holds on this machine.
///
/// Nothing there is nothing found: a machine without the source goes on without a word, and nobody
/// waits for one to appear. What is there and cannot be had is an error, because half of the
/// settings must not pass for all of them.
protocol SourceFinder {
    static var source: OverrideSource { get }

    func find<System: GuestSystem>(
        on system: System, into findings: inout PlatformFindings
    ) throws(SourceError)
}

/// Why the settings of a source cannot be had.
enum SourceError: Error {
    case cannotRead(Bytes, Errno)
    case notAFile(Bytes)
    case cannotMount(device: Bytes, type: Bytes, Errno)
    case twoSeeds(label: String, Bytes, Bytes)
    /// `bake.fw_cfg` is on the kernel command line.
    case noFirmwareTable
    case xenstore(XenstoreProblem)
    case xenstoreFailed(Errno)
    case xenstoreClosed
    case xenstoreSilent(seconds: UInt64)
    case network(NetworkError)
    case exchange(ExchangeError)
    case answer(HTTPProblem)
    case metadata(MetadataProblem)
}

extension SourceError {
    var description: String {
        switch self {
        case .cannotRead(let path, let errno): "cannot read \(path.shown): \(errno.text)"
        case .notAFile(let path): "\(path.shown) is not a file"
        case .cannotMount(let device, let type, let errno):
            "cannot mount \(device.shown) (\(type.shown)): "
                + (errno == .noDevice ? "this image has no driver for it" : errno.text)
        case .twoSeeds(let label, let first, let second):
            "both \(first.shown) and \(second.shown) are labelled '\(label)'"
        case .noFirmwareTable:
            "the kernel command line says that there are some (bake.fw_cfg), but not in"
                + " \(FirmwareTableSource.path)"
        case .xenstore(let problem): problem.description
        case .xenstoreFailed(let errno): "cannot talk to Xenstore: \(errno.text)"
        case .xenstoreClosed: "Xenstore ended the conversation"
        case .xenstoreSilent(let seconds): "Xenstore did not answer within \(seconds) s"
        case .network(let error): error.description
        case .exchange(let error): error.description
        case .answer(let problem): problem.description
        case .metadata(let problem): problem.description
        }
    }
}

/// One byte more than a configuration may have, so that a longer one is refused, not cut.
let sourceByteCountLimit = JSONLimits.configuration.byteCount + 1

extension GuestSystem {
    /// The contents of a file that may not be there.
    func sourceText(_ path: Bytes) throws(SourceError) -> Bytes? {
        switch kind(of: path) {
        case nil: return nil
        case .file: break
        case .directory, .symbolicLink, .other: throw .notAFile(path)
        }
        do {
            return try read(path, limit: sourceByteCountLimit)
        } catch {
            throw .cannotRead(path, error)
        }
    }
}
