import BakeContract
import CGuest

/// Where a shell may be in an image, and what it is called with.
private let shells = [
    ["/bin/sh"], ["/usr/bin/sh"], ["/bin/bash"], ["/bin/busybox", "sh"],
    ["/usr/bin/busybox", "sh"],
]

/// A shell on the console, for `bake.debug`; returns when it ended. An image without one is no
/// reason to stop.
func runDebugShell(before step: BootStep, on system: LinuxSystem) {
    let name = step.stage?.name.description ?? ""
    guard
        let arguments = shells.first(where: { withCString($0[0].bytes) { access($0, X_OK) } == 0 })
    else {
        return system.say(
            "bake: warning: bake.debug: the image has no shell, going on with '\(name)'".bytes)
    }
    guard let console = openConsole() else {
        return system.say("bake: warning: bake.debug: there is no console".bytes)
    }
    system.say(
        "bake: a shell before '\(name)' (".bytes + step.text
            + "); the boot goes on when it ends".bytes)
    let request = SpawnRequest(
        path: arguments[0].bytes, arguments: arguments.map { $0.bytes },
        environment: usualEnvironment, directory: "/".bytes,
        descriptors: StandardDescriptors(input: console, output: console, error: console),
        takesTerminal: true)
    do throws(SpawnError) {
        let shell = try spawn(request)
        while waitpid(shell, nil, 0) == -1, Errno.last.code == EINTR {}
    } catch {
        system.say(
            "bake: warning: bake.debug: cannot start \(arguments[0]): \(error.errno.text)".bytes)
    }
    close(console)
}
