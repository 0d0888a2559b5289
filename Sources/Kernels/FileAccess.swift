internal import SystemPackage
internal import Tools

// The file operations of Tools, with this module's error.

func readFile(_ path: FilePath) throws(KernelsError) -> [UInt8] {
    try asKernelsError { () throws(FileFailure) in try Tools.readFile(path) }
}

func readFront(
    of path: FilePath, upTo maxByteCount: Int
) throws(KernelsError) -> (bytes: [UInt8], fileByteCount: Int) {
    try asKernelsError { () throws(FileFailure) in
        try Tools.readFront(of: path, upTo: maxByteCount)
    }
}

func writeFile(_ text: String, to path: FilePath) throws(KernelsError) {
    try asKernelsError { () throws(FileFailure) in try Tools.writeFile(text, to: path) }
}

func namesInDirectory(_ path: FilePath) throws(KernelsError) -> [String] {
    try asKernelsError { () throws(FileFailure) in try Tools.namesInDirectory(path) }
}

func makeDirectories(_ path: FilePath) throws(KernelsError) {
    try asKernelsError { () throws(FileFailure) in try Tools.makeDirectories(path) }
}

func moveFile(_ source: FilePath, to target: FilePath) throws(KernelsError) {
    try asKernelsError { () throws(FileFailure) in try Tools.moveFile(source, to: target) }
}

func removeTree(_ path: FilePath) throws(KernelsError) {
    try asKernelsError { () throws(FileFailure) in try Tools.removeTree(path) }
}

func availableByteCount(at path: FilePath) throws(KernelsError) -> Int {
    try asKernelsError { () throws(FileFailure) in try Tools.availableByteCount(at: path) }
}

func absolute(_ path: FilePath) throws(KernelsError) -> FilePath {
    try asKernelsError { () throws(FileFailure) in try Tools.absolute(path) }
}

func asKernelsError<Result>(
    _ operation: () throws(FileFailure) -> Result
) throws(KernelsError) -> Result {
    do {
        return try operation()
    } catch {
        throw .inputOutput(action: error.action, path: error.path, errno: error.errno)
    }
}
