import Foundation
import TestSupport
import Testing

/// Programs from their start to the end of the machine, several things in each boot.
@Suite(.serialized)
struct LifeCycleTests {
    private static let image = Result { () throws -> String in
        let scratch = try ProbeImage.directory.get()
        try BusyboxTree.make(
            at: scratch.path("life"),
            scripts: ["bin/look": look, "bin/flaky": flaky])
        try scratch.write(orphans, to: "orphans.c")
        try runProcess(
            [
                "clang", "-O1", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector",
                "orphans.c", "-o", "life/bin/orphans",
            ], in: scratch.path)
        let image = scratch.path("life.img")
        let result = try StagedBake.run([
            "-R", scratch.path("life"), "-o", image, "--", "/bin/look",
        ])
        guard result.status == 0 else {
            throw TestFailure("bake ended with \(result.status): \(result.stderrText)")
        }
        return image
    }

    /// Ten thousand processes whose parent is gone before they are, a hundred at a time; without a C
    /// library, since a small process is forked fast where processors are emulated.
    private static let orphans = """
        static long call(long number, long first, long second, long third, long fourth) {
            register long r10 __asm__("r10") = fourth;
            long result;
            __asm__ volatile("syscall" : "=a"(result)
                : "a"(number), "D"(first), "S"(second), "d"(third), "r"(r10)
                : "rcx", "r11", "memory");
            return result;
        }
        enum { FORK = 57, EXIT = 60, WAIT = 61 };
        void _start(void) {
            for (int batch = 0; batch < 100; batch++) {
                if (call(FORK, 0, 0, 0, 0) == 0) {
                    for (int child = 0; child < 100; child++)
                        if (call(FORK, 0, 0, 0, 0) == 0) break;
                    call(EXIT, 0, 0, 0, 0);
                }
                call(WAIT, -1, 0, 0, 0);
            }
            call(EXIT, 0, 0, 0, 0);
        }

        """

    /// What PID 1 has come to: its memory, its files, and who waits to be reaped.
    private static let look = """
        #!/bin/busybox sh
        bb=/bin/busybox
        $bb sed -n 's/^RssAnon:[^0-9]*/memory: /p' /proc/1/status
        echo "files: $($bb ls /proc/1/fd | $bb wc -l)"
        echo "score: $($bb cat /proc/1/oom_score_adj) $($bb cat /proc/self/oom_score_adj)"
        $bb sleep 0.2
        echo "zombies: $($bb cat /proc/[0-9]*/stat 2>/dev/null | $bb grep -c ') Z ')"

        """

    private static let flaky = """
        #!/bin/busybox sh
        echo started >> /tmp/starts
        exit 7

        """

    private func run(_ programs: String, _ more: [String] = []) throws -> ProcessResult {
        try StagedBake.run(
            ["run", "--accel", "tcg", "--set", "rc=\(programs)"] + more + [try Self.image.get()])
    }

    @Test func tenThousandOrphansAndAnotherLook() throws {
        let result = try run(
            """
            [{"bin": "/bin/look"}, {"bin": "/bin/orphans"}, {"bin": "/bin/look"}]
            """)
        #expect(result.status == 0, "\(result.stderrText)")
        func values(_ key: String) -> [String] {
            result.stdoutText.split(separator: "\n").filter { $0.hasPrefix(key + ": ") }
                .map { String($0.dropFirst(key.count + 2)) }
        }
        #expect(values("zombies") == ["0", "0"], "\(result.stdoutText)")
        #expect(values("score") == ["-1000 0", "-1000 0"])
        // Fewer is right too: the port of the standard input is closed at its end.
        let files = values("files").compactMap { Int($0) }
        #expect(files.count == 2 && files[1] <= files[0], "\(files)")
        let memory = values("memory").compactMap { Int($0.prefix { $0.isNumber }) }
        // One page more or less is the allocator's business, ten thousand of anything are not.
        #expect(memory.count == 2 && memory[1] < memory[0] + 256, "\(memory)")
    }

    /// A pipe between programs, a service that is given up, limits, a user by number, one that is
    /// killed for memory, and the status of the last.
    @Test func servicesPipesLimitsAndMemory() throws {
        let result = try run(
            """
            [{"bin": "/bin/flaky", "runmode": "&",
              "restart": {"policy": "on-failure", "limit": 1}},
             {"bin": "sh", "argv": ["-c", "printf '%s|' a 'b  c' ''"], "runmode": "|"},
             {"bin": "sh", "argv": ["-c", "cat; id -u; ulimit -n"], "user": 33,
              "limits": {"nofile": 99}},
             {"bin": "busybox", "argv": ["dd", "if=/dev/zero", "of=/dev/null", "bs=1G"]},
             {"bin": "sh", "argv": ["-c", "sleep 2; cat /tmp/starts; kill -SEGV $$"]}]
            """, ["-M", "256", "--set", #"sysctl={"vm.overcommit_memory":1}"#])
        #expect(result.status == 139, "\(result.stderrText)")
        #expect(result.stdoutText == "a|b  c||33\n99\nstarted\nstarted\n")
        let lines = result.stderrText.split(separator: "\n").map(String.init)
        for line in [
            "bake: note: '/bin/flaky' ended with status 7, next start in 1 s",
            "bake: error: '/bin/flaky' was started again once and ended with status 7: giving up",
            "bake: error: 'busybox' was killed by signal 9 (SIGKILL): this machine is out of memory",
            "bake: error: 'sh' was killed by signal 11 (SIGSEGV)",
        ] {
            #expect(lines.contains(line), "\(line) not in \(result.stderrText)")
        }
    }

    /// A program can fill the root without harm. One that then wants more memory than there is is
    /// ended, and what it wrote stays there: PID 1 still tells and powers off.
    @Test func aFullRootAndNoMemory() throws {
        let script = """
            for f in /fill /tmp/fill /run/fill /dev/shm/fill /dev/fill; do \
            dd if=/dev/zero of=$f bs=1M 2>/dev/null; echo $f: $?; done; \
            exec dd if=/dev/zero of=/dev/null bs=1G
            """
        let result = try run(
            #"[{"bin": "sh", "argv": ["-c", "\#(script)"]}]"#,
            ["-M", "256", "--set", #"sysctl={"vm.overcommit_memory":1}"#])
        #expect(result.status == 137, "\(result.stderrText)")
        #expect(
            result.stdoutText
                == "/fill: 1\n/tmp/fill: 1\n/run/fill: 1\n/dev/shm/fill: 1\n/dev/fill: 1\n")
        let line = "'sh' was killed by signal 9 (SIGKILL): this machine is out of memory"
        #expect(result.stderrText.contains(line), "\(result.stderrText)")
    }

    /// The name, the power button, the programs that hear it, and the one that does not.
    @Test func aMachineIsStoppedByItsName() throws {
        let scratch = try TemporaryDirectory()
        let runtime = ["XDG_RUNTIME_DIR": scratch.path]
        let stubborn = #"{"bin":"sh","argv":["-c","trap '' TERM; while :; do sleep 1; done"]"#
        let service = "trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.1; done"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try StagedBake.part("bin/bake"))
        process.arguments = [
            "run", "--accel", "tcg", "-N", "life", "--set", "grace=2", "--set",
            "rc=[\(stubborn),\"runmode\":\"&\"},{\"bin\":\"sh\",\"argv\":[\"-c\",\"\(service)\"]}]",
            try Self.image.get(),
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(runtime) { $1 }
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Where the test ended it already there is nothing to stop.
        let stop = ["stop", "--kill", "life"]
        defer { _ = try? StagedBake.run(stop, environment: runtime) }  // as said
        let ready = output.fileHandleForReading.availableData
        #expect(String(decoding: ready, as: UTF8.self) == "ready\n")

        let listed = try StagedBake.run(["ps", "--json"], environment: runtime)
        #expect(listed.stdoutText.contains(#""name": "life""#), "\(listed.stdoutText)")
        let second = try StagedBake.run(
            ["run", "--accel", "tcg", "-N", "life", try Self.image.get()], environment: runtime)
        #expect(second.status == 125)
        #expect(second.stderrText.contains("a machine 'life' is running"), "\(second.stderrText)")

        let stopped = try StagedBake.run(["stop", "life"], environment: runtime)
        #expect(stopped.status == 0, "\(stopped.stderrText)")
        process.waitUntilExit()
        #expect(process.terminationStatus == 3)
        let rest = try output.fileHandleForReading.readToEnd() ?? Data()
        #expect(String(decoding: rest, as: UTF8.self) == "told\n")
        let said = try errors.fileHandleForReading.readToEnd() ?? Data()
        #expect(
            String(decoding: said, as: UTF8.self)
                == "bake: warning: 'sh' did not end in time and is killed\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path("bake")).isEmpty)
        let again = try StagedBake.run(["stop", "life"], environment: runtime)
        #expect(again.status == 66, "\(again.stderrText)")
    }

    /// A shell on the console before the programs, and what each step took.
    @Test func aShellAndTheTimes() throws {
        let machine = Process()
        machine.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        machine.arguments = [
            "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "256", "-no-reboot",
            "-nodefaults", "-display", "none", "-serial", "stdio", "-monitor", "none",
            "-kernel", try Self.image.get(),
            "-append", "bake.debug bake.timing=json bake.hostname=looked-at",
        ]
        let input = Pipe()
        let output = Pipe()
        machine.standardInput = input
        machine.standardOutput = output
        try machine.run()
        defer { if machine.isRunning { kill(machine.processIdentifier, SIGKILL) } }
        var said = Data()
        // The prompt: what is typed before the shell has its terminal is lost.
        while !said.suffix(8).contains(UInt8(ascii: "#")) {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "\(String(decoding: said, as: UTF8.self))")
            said += more
        }
        try input.fileHandleForWriting.write(
            contentsOf: Data("echo \"in $$: $(hostname)\"; exit\n".utf8))
        said += try output.fileHandleForReading.readToEnd() ?? Data()
        let console = String(decoding: said, as: UTF8.self).replacing("\r\n", with: "\n")
        #expect(console.contains("bake: a shell before 'programs' (run /bin/look;)"), "\(console)")
        #expect(console.contains(": looked-at\n"), "\(console)")
        #expect(ProbeImage.console(console, has: "bake: exited with status 0"))
        let mark = "bake: timing: "
        let line = try #require(
            ProbeImage.lines(console).first { $0.contains(mark) }, "\(console)")
        let start = try #require(line.range(of: mark)).upperBound
        let timing = try #require(
            try JSONSerialization.jsonObject(with: Data(line[start...].utf8)) as? [String: Any])
        let steps = try #require(timing["steps"] as? [[String: Any]])
        let names = steps.compactMap { $0["step"] as? String }
        #expect(
            names == [
                "kernel", "basics", "modules", "settings", "verity", "blob", "overlay", "root",
                "hostname", "loopback", "configuration",
            ])
        #expect(timing["ready_ms"] as? Int ?? 0 > 0)
    }

    /// An init of the tree's own takes PID 1, with the arguments it was given; `bake run` shows its
    /// console, for that is what it talks on.
    @Test func anInitOfTheTree() throws {
        let script = "echo I am $$ on $(cat /etc/hostname); exec /bin/busybox poweroff -f"
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "--set", "init=/bin/sh -c '\(script)'", "--set",
            "hostname=box", "--set", "limits.core=0", try Self.image.get(),
        ])
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(result.stdoutText.hasPrefix("I am 1 on box\r\n"), "\(result.stdoutText)")
    }
}
