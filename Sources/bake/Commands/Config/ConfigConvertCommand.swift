internal import ArgumentParser
internal import BakeContract
internal import Glibc

struct ConfigConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Turn rumprun's configurations into strict JSON, and back.",
        discussion: """
            Reads either. Strict JSON has our names and sorted keys. '--to rumprun' writes what an
            old rumprun kernel reads; what it cannot say is an error that names the key, unless
            --lossy leaves it out.

            EXAMPLES
              bake config convert json.cfg > rumpconfig.json
              bake config convert --to rumprun rumpconfig.json > json.cfg
            """)

    enum Form: String, ExpressibleByArgument, CaseIterable {
        case strict
        case rumprun
    }

    @Argument(help: "A configuration, strict or in rumprun's dialect.")
    var file: String

    @Option(
        name: [.long, .customLong("dialect")],
        help: "What to write: strict (default) or rumprun.")
    var to = Form.strict

    @Flag(help: "Leave out what a rumprun kernel cannot say, with a warning.")
    var lossy = false

    func run() throws {
        let text = try InputText.bytes(of: file)
        let source = JSONFileSource(kind: .baked, file: Bytes(file.utf8), text: text)
        let settings: SourceSettings
        let effective: EffectiveConfiguration
        do throws(ConfigurationError) {
            settings = try source.settings()
            effective = try EffectiveConfiguration([settings], .making)
        } catch {
            throw CommandFailure(.malformedInput, error.description)
        }
        switch to {
        case .strict:
            for note in settings.notes { Console.note(note.note) }
            Console.write(effective.value.prettyText, to: STDOUT_FILENO)
        case .rumprun:
            try writeRumprun(effective.value, settings)
        }
    }

    private func writeRumprun(
        _ value: JSONValue, _ settings: SourceSettings
    ) throws(CommandFailure) {
        let converted = RumprunText(value)
        let losses = converted.losses.map { settings.error($0) }
        if lossy {
            for loss in losses { Console.note(loss.warning) }
        } else if !losses.isEmpty {
            throw CommandFailure(
                .malformedInput, losses.map(\.description).joined(separator: "\n"),
                hint: "--lossy leaves these out")
        }
        Console.write(converted.text, to: STDOUT_FILENO)
    }
}
