import BakeContract

/// A program that is about to be started; everything was looked up.
struct SpawnRequest {
    /// Where the program stands, absolute or relative to `directory`.
    var path: Bytes
    /// From argv[0] on.
    var arguments: [Bytes]
    /// `NAME=VALUE`.
    var environment: [Bytes]
    var directory: Bytes
    /// Nil: PID 1's own, root.
    var credentials: Credentials?
    var limits: [ResourceLimit] = []
    var descriptors: StandardDescriptors
    /// Whether standard input is a terminal that becomes the program's controlling one.
    var takesTerminal: Bool
}

/// Who a program runs as.
struct Credentials: Equatable {
    var user: UInt32
    var group: UInt32
    var supplementaryGroups: [UInt32]
    /// From the password file, empty when the user is a number that has no entry.
    var home: Bytes
    var name: Bytes
}

/// What becomes descriptor 0, 1 and 2.
struct StandardDescriptors: Equatable {
    var input: Int32
    var output: Int32
    var error: Int32
}

/// A step between fork(2) and the program that failed.
struct SpawnError: Error, Equatable {
    enum Step: Int32 {
        case fork = 1
        case descriptors, limits, credentials, directory, execution
    }

    var step: Step
    var errno: Errno
}
