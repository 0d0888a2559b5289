/// The kernel command line: /proc/cmdline in the guest, what a launcher will pass on the host.
public struct CommandLineSource: ConfigurationSource {
    public var text: Bytes

    public init(text: Bytes) {
        self.text = text
    }

    public func settings() throws(ConfigurationError) -> SourceSettings {
        let line = try KernelCommandLine.parse(text)
        return SourceSettings(
            kind: .commandLine, file: KernelCommandLine.fileName, text: text,
            overrides: line.overrides, isReplacing: line.isReplacing)
    }
}
