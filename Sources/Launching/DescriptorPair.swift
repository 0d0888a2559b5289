internal import Glibc
internal import SystemPackage

/// Two ends, neither inherited by children that do not ask for it.
struct DescriptorPair {
    var readEnd: FileDescriptor
    var writeEnd: FileDescriptor

    init() throws(LaunchError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .system("pipe") }
        self.init(ends)
    }

    /// A connected pair of stream sockets; both ends read and write.
    static func socketPair() throws(LaunchError) -> DescriptorPair {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            throw .system("socketpair")
        }
        return DescriptorPair(ends)
    }

    private init(_ ends: [Int32]) {
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        readEnd = FileDescriptor(rawValue: ends[0])
        writeEnd = FileDescriptor(rawValue: ends[1])
    }
}

extension FileDescriptor {
    func setNonBlocking() {
        _ = fcntl(rawValue, F_SETFL, fcntl(rawValue, F_GETFL) | O_NONBLOCK)
    }

    /// Closes, with nothing to be done about a failure: used where all data is already through.
    func discard() {
        _ = Glibc.close(rawValue)
    }
}
