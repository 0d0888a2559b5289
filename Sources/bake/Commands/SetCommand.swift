internal import ArgumentParser
internal import BakeContract
internal import Baking

struct SetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change what a finished image is configured to do.",
        discussion: """
            The settings are laid over those the image was baked with, key by key, and over what
            was set before; what the platform says at launch still wins. They go into room that
            the image keeps for them, in place: nothing else of the file changes, and 'bake verify'
            holds. Where the room is too small the image is written anew beside the old one and
            takes its place.

            KEY=VALUE is written as on a kernel command line, without 'bake.' in front. --config
            comes first, then --unset, then KEY=VALUE. Without any of them, prints what is set.

            EXAMPLES
              bake set app.img hostname=web-1 env.PORT=8080
              bake set app.img 'rc=[{"bin":"/usr/sbin/nginx","argv":["-g","daemon off;"]}]'
              bake set app.img --unset env.DEBUG
              bake set app.img --reset --config production.json
            """)

    @Argument(help: "The image.")
    var image: String

    @Argument(
        help: ArgumentHelp(
            "A setting; dots lead into objects.", valueName: "key=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("Take a key away, be it baked in.", valueName: "key"))
    var unset: [String] = []

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Lay a configuration over it.", valueName: "file"))
    var config: String?

    @Flag(help: "First forget everything that was set before: back to what was baked.")
    var reset = false

    @Flag(name: [.customShort("n"), .long], help: "Check, say what would be set, write nothing.")
    var dryRun = false

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print nothing but warnings.")
    var quiet = false

    func run() throws {
        var change = SettingsChange(image: image)
        change.isReset = reset
        change.configurationFile = config
        change.patch = try SettingFlag.patch(unsetting: unset)
        change.patch.add(try SettingFlag.patch(of: settings, flag: "bake set"))
        change.isDryRun = dryRun
        let report: SettingsChange.Report
        do {
            report = try change.run()
        } catch {
            throw CommandFailure(error)
        }
        say(report)
    }

    private func say(_ report: SettingsChange.Report) {
        if json {
            Console.result(
                .object([
                    "patch": report.patch,
                    "patchByteCount": .integer(Int64(report.patchByteCount)),
                    "roomByteCount": .integer(Int64(report.roomByteCount)),
                    "settings": report.settings,
                    "signatureBroken": .bool(report.brokeSignature),
                    "way": .text(report.way.rawValue),
                ]))
        } else if !quiet {
            Console.result(text(report))
        }
        if report.brokeSignature {
            Console.warning(
                "'\(image)' was signed for Secure Boot; the signature no longer holds, sign it again"
            )
        }
    }

    private func text(_ report: SettingsChange.Report) -> String {
        let patch = String(decoding: report.patch.sorted.prettyText, as: UTF8.self)
            .trimmingTrailingNewline
        return switch report.way {
        case .rewritten:
            "\(image): \(report.roomByteCount) bytes of room were too few; written anew with these "
                + "settings baked in"
        case .unchanged where dryRun: "\(image): would be set over what was baked:\n\(patch)"
        case .unchanged: "\(image): set over what was baked:\n\(patch)"
        case .inPlace:
            "\(image): set over what was baked, \(report.patchByteCount) of "
                + "\(report.roomByteCount) bytes:\n\(patch)"
        }
    }
}

extension String {
    fileprivate var trimmingTrailingNewline: String {
        hasSuffix("\n") ? String(dropLast()) : self
    }
}
