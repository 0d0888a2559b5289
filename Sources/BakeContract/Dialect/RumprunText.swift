/// A configuration in rumprun's dialect, for kernels that read nothing else: repeated keys, values
/// that are strings, NetBSD's names. What such a kernel cannot say is refused by name.
public struct RumprunText: Sendable {
    public private(set) var text: Bytes = []
    /// What an old kernel does without, each a sentence.
    public private(set) var losses: [ConfigurationFault] = []

    /// - Parameter value: a configuration that reads well.
    public init(_ value: JSONValue) {
        text = Bytes("{\n")
        for member in value.members ?? [] where member.value != .null { write(member) }
        text += Bytes("}\n")
    }

    private mutating func write(_ member: JSONMember) {
        let path = ConfigurationPath([.key(member.key)])
        if member.key.equals("env") {
            writeEnvironment(member.value, path)
        } else if member.key.equals("net") {
            for (entry, path) in Self.entries(member.value, path) { writeInterface(entry, path) }
        } else if member.key.equals("blk") {
            for (entry, path) in Self.entries(member.value, path) { writeDisk(entry, path) }
        } else if member.key.equals("rc") {
            writePrograms(member.value, path)
        } else if member.key.equals("cmdline") || member.key.equals("hostname") {
            line("  ", member.key, member.value)
        } else {
            lose(path)
        }
    }

    private mutating func writeEnvironment(_ value: JSONValue, _ path: ConfigurationPath) {
        let key = Bytes("env")
        for element in value.array ?? [value] {
            guard let members = element.members else {
                line("  ", key, element)
                continue
            }
            for variable in members where variable.value != .null {
                switch variable.value {
                case .string(let text):
                    line("  ", key, .string(variable.key + [ASCII.equals] + text))
                case .number(let digits):
                    line("  ", key, .string(variable.key + [ASCII.equals] + digits))
                case .bool(let flag):
                    let word = Bytes(flag ? "true" : "false")
                    line("  ", key, .string(variable.key + [ASCII.equals] + word))
                default: lose(path.appending(variable.key))
                }
            }
        }
    }

    /// `argv` always: rumprun's kernel reads through it without looking.
    private mutating func writePrograms(_ value: JSONValue, _ path: ConfigurationPath) {
        text += Bytes("  \"rc_TESTING\": [\n")
        for (entry, path) in Self.entries(value, path) {
            text += Bytes("    {\n")
            for member in entry.members ?? [] where member.value != .null {
                if member.key.equals("bin") || member.key.equals("argv") {
                    line("      ", member.key, member.value)
                } else if member.key.equals("runmode") {
                    // Its code has the pipe behind an #ifdef that nothing defines.
                    if member.value.string?.equals("|") == true {
                        lose(path.appending(member.key))
                    } else if member.value.string?.isEmpty == false {
                        line("      ", member.key, member.value)
                    }
                } else {
                    lose(path.appending(member.key))
                }
            }
            if entry["argv"] == nil { line("      ", Bytes("argv"), .array([])) }
            text += Bytes("    },\n")
        }
        text += Bytes("  ],\n")
    }

    private mutating func writeInterface(_ entry: JSONValue, _ path: ConfigurationPath) {
        text += Bytes("  \"net\": {\n")
        if entry["if"] == nil { line("    ", Bytes("if"), .text("vioif0")) }
        if entry["type"] == nil { line("    ", Bytes("type"), .text("inet")) }
        for member in entry.members ?? [] where member.value != .null {
            switch member.value {
            case .string(let value) where member.key.equals("addr") && entry["mask"] == nil:
                // ADDRESS/LENGTH is two keys there.
                let parts = value.split(separator: ASCII.slash, maxSplits: 1)
                line("    ", member.key, .string(Bytes(parts.first ?? [])))
                if parts.count == 2 { line("    ", Bytes("mask"), .string(Bytes(parts[1]))) }
            case .string(let value) where member.key.equals("if"):
                line("    ", member.key, .string(Self.netBSDInterface(value)))
            case .number(let digits) where member.key.equals("mask"):
                line("    ", member.key, .string(digits))
            // A key that is there counts there, whatever it says.
            case .bool(true) where member.key.equals("cloner"):
                line("    ", member.key, .text("true"))
            case .string where Self.isKnown(member.key, ["type", "method", "mask", "gw", "cloner"]):
                line("    ", member.key, member.value)
            default: lose(path.appending(member.key))
            }
        }
        text += Bytes("  },\n")
    }

    private mutating func writeDisk(_ entry: JSONValue, _ path: ConfigurationPath) {
        text += Bytes("  \"blk\": {\n")
        for member in entry.members ?? [] where member.value != .null {
            guard let value = member.value.string else {
                lose(path.appending(member.key))
                continue
            }
            if member.key.equals("path"), let name = Self.netBSDDisk(value) {
                line("    ", member.key, .string(name))
            } else if member.key.equals("fstype") {
                // It tries ffs, ext2fs and cd9660 in turn and knows no other.
                let isTried = ["auto", "ext2", "ext4", "iso9660", "blk"].contains {
                    (name: StaticString) in value.equals(name)
                }
                if !isTried { lose(path.appending(member.key)) }
                line("    ", member.key, .text("blk"))
            } else if Self.isKnown(member.key, ["source", "path", "mountpoint"]) {
                line("    ", member.key, member.value)
            } else {
                lose(path.appending(member.key))
            }
        }
        text += Bytes("  },\n")
    }

    private mutating func line(_ indentation: StaticString, _ key: Bytes, _ value: JSONValue) {
        var writer = JSONWriter(indentation: nil, isASCII: false)
        writer.writeString(key)
        writer.text += Bytes(": ")
        writer.write(value, depth: 0)
        text += Bytes(indentation.description) + writer.text + Bytes(",\n")
    }

    private mutating func lose(_ path: ConfigurationPath) {
        losses.append(
            ConfigurationFault(
                path: path, isAboutKey: true,
                problem: .refused(path, why: "a rumprun kernel cannot say this")))
    }

    private static func entries(
        _ value: JSONValue, _ path: ConfigurationPath
    ) -> [(JSONValue, ConfigurationPath)] {
        guard let elements = value.array else { return [(value, path)] }
        return elements.indices.map { (elements[$0], path.appending($0)) }
    }

    private static func isKnown(_ key: Bytes, _ names: [StaticString]) -> Bool {
        names.contains { key.equals($0) }
    }

    private static func netBSDInterface(_ name: Bytes) -> Bytes {
        RumprunNames.number(of: name, among: ["eth"]).map { Bytes("vioif\($0)") } ?? name
    }

    private static func netBSDDisk(_ path: Bytes) -> Bytes? {
        for (stem, name) in [("/dev/vd", "ld"), ("/dev/sd", "sd")] {
            let stem = Bytes(stem)
            guard path.count == stem.count + 1, path.starts(with: stem), let letter = path.last,
                letter >= 0x61, letter <= 0x7a
            else { continue }
            return Bytes("/dev/\(name)\(letter &- 0x61)a")
        }
        return nil
    }
}
