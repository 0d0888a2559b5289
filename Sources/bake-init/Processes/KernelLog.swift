import BakeContract
import CGuest

/// The kernel's messages from now on (/dev/kmsg), read for one thing: which processes it killed
/// because memory ran out. wait(2) says no more than SIGKILL.
final class KernelLog {
    private let descriptor: Int32

    /// Nil where the kernel has no log that can be read.
    init?() {
        // Without the log a program killed for memory is one killed by SIGKILL.
        guard
            let file = try? FileDescriptor(  // as said above
                opening: "/dev/kmsg".bytes, O_RDONLY | O_NONBLOCK)
        else { return nil }
        descriptor = file.release()
        lseek(descriptor, 0, SEEK_END)
    }

    deinit { close(descriptor) }

    /// To poll for input.
    var number: Int32 { descriptor }

    /// Those since the last call.
    func outOfMemoryKills() -> [OutOfMemoryKill] {
        var kills: [OutOfMemoryKill] = []
        // One read(2) is one message. A program that writes messages without end must not keep
        // PID 1 here.
        for _ in 0..<256 {
            var record = Bytes(repeating: 0, count: 8192)
            let count = record.withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress, $0.count)
            }
            // EPIPE: messages were overwritten before they were read; the next one is there.
            if count < 0, Errno.last.code == EPIPE { continue }
            guard count > 0 else { break }
            if let kill = OutOfMemoryKill(record: Bytes(record[..<count])) { kills.append(kill) }
        }
        return kills
    }
}

/// A process that the kernel killed because memory ran out.
struct OutOfMemoryKill: Equatable {
    var process: pid_t
    /// What the kernel calls it, at most 15 bytes of its file's name.
    var name: Bytes

    /// From a record of /dev/kmsg, `PRIORITY,SEQUENCE,TIME,FLAGS;MESSAGE` (Documentation/ABI/testing/
    /// dev-kmsg). Two messages tell, in mm/oom_kill.c: `oom-kill:...,task=NAME,pid=N,uid=U` stands
    /// before the kill but is left out when there are many; `Killed process N (NAME)` may come
    /// after the process has gone.
    init?(record: Bytes) {
        let fields = record.split(at: UInt8(ascii: ";"))
        guard fields.count >= 2,
            let priority = Bytes(fields[0].prefix { $0 != UInt8(ascii: ",") }).decimal,
            // The facility stands above the three bits of the level: 0 is the kernel itself.
            priority >> 3 == 0
        else { return nil }
        let message = Bytes(record[(fields[0].count + 1)...].prefix { $0 != UInt8(ascii: "\n") })
        guard let kill = Self.summary(message) ?? Self.notice(message) else { return nil }
        self = kill
    }

    private init(process: UInt64, name: Bytes) {
        self.process = pid_t(truncatingIfNeeded: process)
        self.name = name
    }

    private static func summary(_ message: Bytes) -> OutOfMemoryKill? {
        guard message.starts(with: "oom-kill:".bytes),
            let task = message.range(of: ",task=".bytes),
            let pid = message.range(of: ",pid=".bytes, from: task.upperBound),
            let number = digits(message[pid.upperBound...])
        else { return nil }
        return OutOfMemoryKill(
            process: number, name: Bytes(message[task.upperBound..<pid.lowerBound]))
    }

    private static func notice(_ message: Bytes) -> OutOfMemoryKill? {
        guard let mark = message.range(of: "Killed process ".bytes),
            let number = digits(message[mark.upperBound...]),
            let start = message.range(of: " (".bytes, from: mark.upperBound),
            let end = message.range(of: ") ".bytes, from: start.upperBound)
        else { return nil }
        return OutOfMemoryKill(
            process: number, name: Bytes(message[start.upperBound..<end.lowerBound]))
    }

    private static func digits(_ text: Bytes.SubSequence) -> UInt64? {
        Bytes(text.prefix { $0 >= 0x30 && $0 <= 0x39 }).decimal
    }
}

extension Array where Element == UInt8 {
    /// Where `part` first stands, from an offset on.
    fileprivate func range(of part: Bytes, from start: Int = 0) -> Range<Int>? {
        guard count - start >= part.count else { return nil }
        for index in start...(count - part.count) where self[index...].starts(with: part) {
            return index..<index + part.count
        }
        return nil
    }
}
