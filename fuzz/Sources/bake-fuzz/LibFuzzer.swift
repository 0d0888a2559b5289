import BakeContract
import Glibc

/// The target that BAKE_FUZZ names, chosen once.
private let target: FuzzTarget = {
    let wanted = getenv("BAKE_FUZZ").map { String(cString: $0) } ?? ""
    guard let target = FuzzTargets.all.first(where: { $0.name == wanted }) else {
        let names = FuzzTargets.all.map(\.name).joined(separator: " ")
        fatalError("BAKE_FUZZ is none of: \(names)")
    }
    return target
}()

/// What libFuzzer calls for every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Bytes(UnsafeBufferPointer(start: start, count: count))
    if let violation = target.violation(bytes) { fatalError(violation) }
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The package manager gives every executable its own name for `main` and leads `main` there, so
/// libFuzzer's own is not linked.
@_cdecl("bake_fuzz_main")
public func main(
    _ argumentCount: CInt,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
    var argumentCount = argumentCount
    var arguments = arguments
    return runDriver(&argumentCount, &arguments, testOneInput)
}
