// A tar blob becomes a tree: the compressed archive in a file, unpacked into a directory.

import BakeContract
import CGuest

/// What was unpacked.
struct UnpackReport: Equatable {
    var memberCount = 0
    var contentByteCount: UInt64 = 0
    /// What a tmpfs needs for it: whole pages of contents, and a kibibyte of kernel memory for
    /// each member.
    var neededByteCount: UInt64 = 0
    /// `user.` attributes that the file system has no place for.
    var droppedAttributeCount = 0

    fileprivate mutating func count(_ member: ArchiveMember) {
        memberCount += 1
        neededByteCount += 1024
        if case .file(let byteCount) = member.kind {
            contentByteCount += byteCount
            neededByteCount += (byteCount + 4095) / 4096 * 4096
        }
    }
}

/// Unpacks the first `byteCount` bytes of `blob`, a file or a block device: a compressed stream,
/// then zeros. Its digest should have been checked; here only the stream's own checksum is, and
/// only when everything has been unpacked.
///
/// When the file system is full, the rest is read all the same, for the number in the message.
func unpackArchive(
    _ blob: Bytes, byteCount: UInt64, into directory: Bytes, _ fidelity: Fidelity = .everything
) throws(UnpackError) -> UnpackReport {
    let file: FileDescriptor
    do throws(Errno) {
        file = try FileDescriptor(opening: blob, O_RDONLY)
    } catch {
        throw .cannotOpen(blob, error)
    }
    var reader = ArchiveReader(try StreamReader(file.number, byteCount: byteCount))
    return try unpack(&reader, into: directory, fidelity)
}

/// The same for any source.
func unpack<Source: ArchiveSource>(
    _ reader: inout ArchiveReader<Source>, into directory: Bytes, _ fidelity: Fidelity
) throws(UnpackError) -> UnpackReport {
    let writer = try TreeWriter(into: directory, fidelity)
    var report = UnpackReport()
    var isFull = false
    while let member = try reader.next() {
        report.count(member)
        guard !isFull else { continue }
        do throws(UnpackError) {
            try unpack(member, from: &reader, with: writer)
        } catch {
            guard error.isForWantOfMemory else { throw error }
            isFull = true
        }
    }
    do throws(UnpackError) {
        if !isFull { try writer.finish() }
    } catch {
        guard error.isForWantOfMemory else { throw error }
        isFull = true
    }
    if isFull { throw .notEnoughMemory(neededByteCount: report.neededByteCount) }
    report.droppedAttributeCount = writer.droppedAttributeCount
    return report
}

private func unpack<Source: ArchiveSource>(
    _ member: ArchiveMember, from reader: inout ArchiveReader<Source>, with writer: TreeWriter
) throws(UnpackError) {
    guard case .file = member.kind else { return try writer.make(member) }
    let file = try writer.makeFile(member)
    while let piece = try reader.nextContents() {
        var written = 0
        while written < piece.count {
            do throws(Errno) {
                written += try checked {
                    write(file.number, piece.baseAddress! + written, piece.count - written)
                }
            } catch {
                throw .cannotMake(.writeFile, member.path.bytes, error)
            }
        }
    }
    try writer.finishFile(file, member)
}

extension UnpackError {
    fileprivate var isForWantOfMemory: Bool {
        guard case .cannotMake(_, _, let errno) = self else { return false }
        return errno.code == ENOSPC || errno.code == ENOMEM
    }
}
