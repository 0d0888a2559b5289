internal import BakeContract
internal import Blobs
internal import Packages
internal import Trees

/// What a text of a request must look like, found out without opening anything: flags and bake.json
/// are held to the same.
public enum RequestText: Sendable {
    /// `--owner`
    case owner
    /// `--on-conflict`
    case conflictRule
    /// `--exclude`
    case pattern
    /// `--chmod`
    case modeRule
    /// `--node`
    case node
    /// `--package`
    case package
    /// `--net`
    case network
    /// `--variant`
    case variant
    /// `--modules`
    case module
    /// `--format`
    case format
    /// `--blob`
    case blobKind
    /// `--compression`
    case compression
    /// `--block-size`
    case blockSize
    /// Names of files and what else only has to be something.
    case something

    /// What is wrong with a text, a clause that holds the text; nil when nothing is.
    public func flaw(of text: String) -> String? {
        switch self {
        case .owner:
            isOwner(text) ? nil : "'\(text)' is none of mapped, keep, root and UID:GID"
        case .conflictRule:
            ConflictRule(rawValue: text) == nil ? "'\(text)' is neither refuse nor replace" : nil
        case .pattern:
            PathPattern(text) == nil
                ? "'\(text)' is no pattern such as /usr/share/doc, *.pyc or /var/**" : nil
        case .modeRule:
            ModeRule(text) == nil
                ? "'\(text)' is not MODE:PATTERN, such as 4755:/bin/su or go-w:/srv/**" : nil
        case .node: nodeFlaw(of: text)
        case .package:
            isPackage(text) ? nil : "'\(text)' is no package, NAME, NAME=VERSION or NAME/SUITE"
        case .network:
            NetworkSpecification(parsing: Bytes(text.utf8)) == nil
                ? "'\(text)' is not [NAME,]inet,dhcp|inet,static,ADDR/MASK[,GW]|inet6,auto" : nil
        case .variant:
            PackageVariant(rawValue: text) == nil
                ? "'\(text)' is none of "
                    + PackageVariant.allCases.map(\.rawValue).joined(separator: ", ") : nil
        case .module: isModule(text) ? nil : "'\(text)' is no name of a module or file system"
        case .format:
            BakeRequest.OutputFormat(rawValue: text) == nil
                ? "'\(text)' is none of "
                    + BakeRequest.OutputFormat.allCases.map(\.rawValue).joined(separator: ", ")
                : nil
        case .blobKind:
            BakeRequest.BlobKind(rawValue: text) == nil
                ? "'\(text)' is neither squashfs nor tar" : nil
        case .compression: compressionFlaw(of: text)
        case .blockSize:
            ByteCount.parse(text).flatMap(BakeRequest.checkedBlockSize) == nil
                ? "'\(text)' is no power of two from 4K to 1M" : nil
        case .something: text.isEmpty ? "the text is empty" : nil
        }
    }

    private func isOwner(_ text: String) -> Bool {
        (try? OwnerRule(flag: text)) != nil  // the caller has its own words for it
    }

    /// What would be an option of apt's, or several words, is not passed on.
    private func isPackage(_ text: String) -> Bool {
        text.first != "-" && !text.isEmpty
            && text.utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 != UInt8(ascii: ",") }
    }

    /// Part of a file's name, and of a line where a space ends it.
    private func isModule(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 < 0x7f }
            && !text.contains { "/,".contains($0) }
    }

    private func nodeFlaw(of line: String) -> String? {
        do throws(TreeTextError) {
            let layer = try Layer(name: "", text: line)
            let isOne = !layer.entries.isEmpty && !line.contains("\n")
            return isOne ? nil : "'\(line)' is not the line of an inode"
        } catch {
            return "'\(line)' at character \(error.column): expected \(error.expected)"
        }
    }

    /// Levels that only squashfs does not have are found out when it is known what is written.
    private func compressionFlaw(of text: String) -> String? {
        do throws(BlobError) {
            _ = try StreamCompression(parsing: text)
            return nil
        } catch {
            return error.description
        }
    }
}

extension BakeRequest {
    /// A block size that squashfs knows: a power of two from 4 KiB to 1 MiB.
    static func checkedBlockSize(_ byteCount: Int) -> Int? {
        let isPowerOfTwo = byteCount > 0 && byteCount & (byteCount - 1) == 0
        return isPowerOfTwo && (4096...1 << 20).contains(byteCount) ? byteCount : nil
    }
}

/// Sizes as people type them: `4096`, `256K`, `512M`, `2G`, powers of 1024.
public enum ByteCount {
    /// Nil for what is no size above zero, or more than this machine can count.
    public static func parse(_ text: String) -> Int? {
        let multipliers: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let suffix = text.last.flatMap { multipliers[Character($0.uppercased())] }
        guard let number = Int(suffix == nil ? text : String(text.dropLast())), number > 0 else {
            return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: suffix ?? 1)
        return overflow ? nil : bytes
    }
}
