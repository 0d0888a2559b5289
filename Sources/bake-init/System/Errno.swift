import BakeContract
import CGuest

/// What a system call said when it failed: `errno`, read once, where the call was made.
struct Errno: Error, Equatable {
    let code: Int32

    init(_ code: Int32) { self.code = code }

    static let notFound = Errno(ENOENT)
    static let exists = Errno(EEXIST)
    static let io = Errno(EIO)
    static let noDevice = Errno(ENODEV)
    static let busy = Errno(EBUSY)
    static let denied = Errno(EACCES)
    static let readOnlyFileSystem = Errno(EROFS)

    /// The last system call's.
    static var last: Errno { Errno(guest_errno()) }

    /// strerror(3), as in "No such file or directory".
    var text: String {
        guard let message = strerror(code) else { return "error \(code)" }
        return Bytes(UnsafeBufferPointer(start: message, count: strlen(message)).map(UInt8.init))
            .shown
    }
}

/// Turns the -1 of a system call into a thrown `Errno`, and runs it again when a signal came first.
@discardableResult
func checked<Result: FixedWidthInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let error = Errno.last
        if error.code != EINTR { throw error }
    }
}

/// Lends the bytes to C as a string. Bytes that hold a NUL cannot be one: the caller gets an empty
/// string, which no path and no program name matches.
func withCString<Result>(_ bytes: Bytes, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    var characters = bytes.contains(0) ? [] : bytes.map { CChar(bitPattern: $0) }
    characters.append(0)
    return characters.withUnsafeBufferPointer { body($0.baseAddress!) }
}
