internal import BakeContract
internal import Glibc
public import SystemPackage

/// A machine that a `bake run --name` started, as its file tells.
///
///     bake-machine 1
///     pid 4711
///     start 815230
///     grace 5
///     image /srv/app.img
public struct RunningMachine: Equatable, Sendable {
    public let name: MachineName
    /// QEMU's.
    public let pid: Int32
    /// When that process started, in clock ticks since the host did (proc(5), /proc/PID/stat). With
    /// it a process of the same number is not taken for this one.
    let startTicks: UInt64
    /// What its programs have to end, before the guest kills them.
    public let graceSeconds: Int
    public let image: FilePath

    /// A record about a process that lives now.
    init?(name: MachineName, pid: Int32, graceSeconds: Int, image: FilePath) {
        guard let startTicks = Self.startTicks(of: pid) else { return nil }
        self.name = name
        self.pid = pid
        self.startTicks = startTicks
        self.graceSeconds = graceSeconds
        self.image = image
    }

    /// Reads what `encoded` writes; nil for anything else.
    init?(name: MachineName, record: [UInt8]) {
        // The image is last: its path may hold anything but NUL.
        let lines = record.split(separator: 0x0a, maxSplits: 4, omittingEmptySubsequences: false)
        func value(_ index: Int, _ key: String) -> [UInt8]? {
            let start = Array("\(key) ".utf8)
            return lines[index].starts(with: start)
                ? Array(lines[index].dropFirst(start.count)) : nil
        }
        func number<Number: FixedWidthInteger>(_ bytes: [UInt8]?) -> Number? {
            bytes.flatMap { Number(String(decoding: $0, as: UTF8.self)) }
        }
        guard lines.count == 5, lines[0].elementsEqual("bake-machine 1".utf8),
            let pid: Int32 = number(value(1, "pid")), pid > 0,
            let start: UInt64 = number(value(2, "start")),
            let grace: Int = number(value(3, "grace")),
            let image = value(4, "image"), image.last == 0x0a
        else { return nil }
        self.name = name
        self.pid = pid
        startTicks = start
        graceSeconds = grace
        self.image = (image.dropLast() + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { FilePath(platformString: $0.baseAddress!) }
        }
    }

    var encoded: [UInt8] {
        let path = image.withPlatformString { text in
            UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
        }
        let head = "bake-machine 1\npid \(pid)\nstart \(startTicks)\ngrace \(graceSeconds)\nimage "
        return Array(head.utf8) + path + [0x0a]
    }

    var isRunning: Bool { Self.startTicks(of: pid) == startTicks }

    /// How long its process has been there.
    public var ageSeconds: Int {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return max(0, now.tv_sec - Int(startTicks) / max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    /// Nil for a process that is not there, or that only waits to be reaped.
    private static func startTicks(of pid: Int32) -> UInt64? {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        let text = bytes.prefix(max(0, count))
        // The second field, the program's name in parentheses, may hold anything.
        guard let end = text.lastIndex(of: 0x29) else { return nil }
        let fields = text[(end + 1)...].split(separator: 0x20)
        guard fields.count > 19, let state = fields.first?.first, state != UInt8(ascii: "Z") else {
            return nil
        }
        return UInt64(String(decoding: fields[19], as: UTF8.self))
    }
}
