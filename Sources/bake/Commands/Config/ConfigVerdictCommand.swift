internal import ArgumentParser
internal import BakeContract
internal import Baking
internal import Glibc

/// For tests of guest and host against each other; docs/configuration.md, *For programs that read
/// verdicts*.
struct ConfigVerdictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verdict",
        abstract: "Print what the guest's 'bake-init --verdict FILE' prints, without its heading.",
        shouldDisplay: false)

    @Argument(help: "A configuration; FILE.cmdline, FILE.fw_cfg and so on stand beside it.")
    var file: String

    func run() throws {
        let text = try InputText.bytes(of: file)
        let verdict = ConfigurationVerdict.text(configuration: text) { suffix in
            try? InputText.bytes(of: file + suffix.description)  // no such file: nothing was found
        }
        Console.write(verdict, to: STDOUT_FILENO)
        let last = verdict.split(separator: UInt8(ascii: "\n")).last
        if last?.starts(with: "error ".utf8) ?? true {
            throw ExitCode(ExitStatus.malformedInput.rawValue)
        }
    }
}
