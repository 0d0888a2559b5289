internal import ArgumentParser
internal import BakeContract
internal import Launching
internal import SystemPackage

struct ProcessesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "List the machines that 'bake run --name' started and that still run.")

    @Flag(help: "One JSON array, sorted keys: docs/machines.md.")
    var json = false

    func run() throws {
        let machines: [RunningMachine]
        do {
            machines = try MachineDirectory.ofThisUser().machines()
        } catch {
            throw CommandFailure(error)
        }
        if json {
            Console.result(.array(machines.map(\.row)))
            return
        }
        for machine in machines {
            Console.result(
                "\(machine.name.text)\t\(machine.pid)\t\(machine.ageSeconds) s\t\(machine.image)")
        }
    }
}

extension RunningMachine {
    /// As `--json` shows it.
    fileprivate var row: JSONValue {
        .object([
            "image": .bytes(Array(image.string.utf8)),
            "name": .bytes(Array(name.text.utf8)),
            "pid": .number(Array("\(pid)".utf8)),
            "seconds": .number(Array("\(ageSeconds)".utf8)),
        ])
    }
}
