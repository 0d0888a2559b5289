internal import BakeContract
internal import Baking

/// `-e NAME=VALUE`, and `-e NAME`, which takes the value from bake's own environment.
enum EnvironmentFlag {
    static func parse(
        _ flags: [String]
    ) throws(CommandFailure) -> [BakeRequest.EnvironmentVariable] {
        var variables: [BakeRequest.EnvironmentVariable] = []
        for flag in flags {
            let bytes = Array(flag.utf8)
            let equals = bytes.firstIndex(of: UInt8(ascii: "="))
            let name = Array(bytes[..<(equals ?? bytes.endIndex)])
            guard !name.isEmpty else {
                throw CommandFailure(.usage, "-e wants NAME=VALUE, not '\(flag)'")
            }
            let value: [UInt8]
            if let equals {
                value = Array(bytes[(equals + 1)...])
            } else if let inherited = HostEnvironment.value(of: flag) {
                value = inherited
            } else {
                throw CommandFailure(
                    .usage, "-e \(flag): there is no variable of that name here to pass on",
                    hint: "give it a value: -e \(flag)=VALUE")
            }
            variables.append(.init(name: name, value: value))
        }
        return variables
    }
}
