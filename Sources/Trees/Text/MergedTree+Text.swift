extension MergedTree {
    /// One line a node, for people, tests and goldens:
    ///
    ///     d 0755 0:0 0 /etc                       (kind, mode, owner, mtime, path)
    ///     f 0644 0:0 0 /etc/hosts 21 = /etc/also  (bytes; then the other names)
    ///     l 0777 0:0 0 /bin -> usr/bin
    ///     c 0600 0:0 0 /dev/console 5:1
    ///     f 0755 0:0 0 /bin/ping 90 [security.capability=0100]
    ///
    /// Inodes stand in the order of their first names. In paths, targets and names of attributes
    /// control bytes, blanks, backslashes and what is not UTF-8 stand as `\xNN` or `\\`, so a line
    /// can be read again (`Layer.init(name:text:)`).
    public var text: String {
        var otherNames: [Int: [TreePath]] = [:]
        // Nodes are numbered by their first names.
        var seenCount = 0
        for entry in entries {
            if entry.nodeIndex < seenCount {
                otherNames[entry.nodeIndex, default: []].append(entry.path)
            } else {
                seenCount += 1
            }
        }
        var text = ""
        seenCount = 0
        for entry in entries where entry.nodeIndex == seenCount {
            seenCount += 1
            text += nodes[entry.nodeIndex].line(at: entry.path)
            for other in otherNames[entry.nodeIndex] ?? [] { text += " = /\(other.bytes.lineText)" }
            text += "\n"
        }
        return text
    }
}

extension Node {
    fileprivate func line(at path: TreePath) -> String {
        let octal = String(permissions, radix: 8)
        let mode = String(repeating: "0", count: 4 - octal.count) + octal
        var line =
            "\(letter) \(mode) \(uid):\(gid) \(mtimeSeconds) /\(path.bytes.lineText)\(detail)"
        for xattr in xattrs {
            line += " [\(xattr.name.lineText)=\(xattr.value.hexadecimal)]"
        }
        return line
    }

    private var letter: Character {
        switch kind {
        case .directory: "d"
        case .regular: "f"
        case .symlink: "l"
        case .characterDevice: "c"
        case .blockDevice: "b"
        case .fifo: "p"
        case .socket: "s"
        }
    }

    private var detail: String {
        switch kind {
        case .directory, .fifo, .socket: ""
        case .regular: " \(byteCount)"
        case .symlink(let target): " -> \(target.lineText)"
        case .characterDevice(let device), .blockDevice(let device):
            " \(device.major):\(device.minor)"
        }
    }
}

extension Bytes {
    /// As one word of a line.
    fileprivate var lineText: String {
        String(printable: self).replacing(" ", with: "\\x20")
    }

    fileprivate var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
