internal import ArgumentParser
internal import BakeContract
internal import Glibc
internal import Images

struct ConfigExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say where every setting comes from, and what it hides.",
        discussion: """
            For each effective setting its value, the place that decided it, and what lost to it.
            Nothing is started and nobody is asked: flags stand in for the platform. A guest prints
            the same with 'bake.explain' on its kernel command line.

            EXAMPLES
              bake config explain app.img
              bake config explain app.img --cmdline 'bake.env.PORT=8080' --plan
              bake config explain app.img --seed seed/ --smbios 'io.bake.config={"root":"ro"}'
            """)

    @Argument(help: "An image, or a configuration.")
    var subject: String

    @OptionGroup(title: "What the platform says")
    var platform: PlatformFlags

    @Flag(help: "Print the steps that PID 1 will take as well.")
    var plan = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let subject = try ConfigurationSubject(subject)
        let platform = try platform.findings()
        let effective: EffectiveConfiguration
        var explanation: ConfigurationExplanation
        do throws(ConfigurationError) {
            let sources = try subject.sources(platform)
            effective = try EffectiveConfiguration(sources, .booting)
            explanation = try ConfigurationExplanation(of: effective, from: sources)
        } catch {
            throw CommandFailure(.malformedInput, error.description)
        }
        explanation.remarks += subject.unheard(platform)
        let steps = plan ? try bootPlan(of: subject, effective).text : nil
        guard json else {
            Console.write(explanation.text + (steps ?? []), to: STDOUT_FILENO)
            return
        }
        var members = explanation.json.members ?? []
        if let steps {
            let lines = steps.split(separator: UInt8(ascii: "\n"))
            members.append(
                JSONMember(Bytes("plan".utf8), .array(lines.map { .bytes(Bytes($0)) })))
        }
        Console.result(JSONValue.object(members))
    }

    /// As a loader of the Linux boot protocol would lead to it, the blob in memory; of a
    /// configuration in no image, with a squashfs without dm-verity.
    private func bootPlan(
        of subject: ConfigurationSubject, _ effective: EffectiveConfiguration
    ) throws(CommandFailure) -> BootPlan {
        do {
            var manifest = GuestManifest(
                blobKind: .squashfs, blobByteCount: 0, blobDigest: [], verity: nil)
            if let image = subject.image {
                manifest = try GuestManifest.parse(try image.guestManifest())
            }
            let blob = BlobLocation.persistentMemory(
                path: Bytes("/dev/pmem0".utf8), byteCount: manifest.blobByteCount)
            return try BootPlan.make(
                manifest, BootFacts(blob: blob), effective.configuration, published: [])
        } catch let error as ImageError {
            throw CommandFailure(error, image: subject.name)
        } catch {
            throw CommandFailure(.malformedInput, "'\(subject.name)': \(error)")
        }
    }
}
