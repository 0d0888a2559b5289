import Editing
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing
import Trees

private let isRoot = geteuid() == 0

@Suite struct ConfinementTests {
    /// Nothing of this machine can be reached, by `..`, by links, by process 1, by a second root.
    @Test(arguments: Editor.allCases) func noWayOut(_ editor: Editor) throws {
        let outside = try TemporaryDirectory()
        try outside.write("precious", to: "canary")
        let canary = outside.path("canary")
        chmod(outside.path, 0o777)
        chmod(canary, 0o666)
        let tree = try EditableTree {
            $0.add(.symlink(to: Array("/".utf8)), at: "root")
            $0.add(.symlink(to: Array("../../../../../..".utf8)), at: "up")
            $0.add(.symlink(to: Array(outside.path.utf8)), at: "out")
        }
        let edited = try editor.edit(
            tree,
            """
            exec 2>/dev/null
            for way in / /root /up /out/.. /proc/1/root /proc/1/cwd /proc/$$/root; do
                echo broken >"$way\(canary)"
                echo broken >"$way/../../..\(canary)"
            done
            echo broken >/out/canary
            mkdir -p /deep/jail/bin
            cp /bin/busybox /deep/jail/bin/
            cd /deep
            # The classic: a working directory left outside of a new root.
            /bin/busybox chroot /deep/jail /bin/busybox true
            cd ../../../../../../../..
            echo broken >".\(canary)"
            ls -d ".\(canary)" >/seen
            exit 0
            """)
        #expect(try String(contentsOfFile: canary, encoding: .utf8) == "precious")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: outside.path) == ["canary"])
        #expect(try edited.content("seen") == "")
    }

    /// /dev and /proc work, and leave nothing behind, whether the tree has them or not.
    @Test(arguments: Editor.allCases, [true, false])
    func deviceAndProcessDirectories(_ editor: Editor, treeHasThem: Bool) throws {
        let tree = try EditableTree {
            guard treeHasThem else { return }
            $0.add(.directory(permissions: 0o700, mtimeSeconds: 9), at: "dev")
            $0.add(.file([1], mtimeSeconds: 9), at: "dev/file")
            $0.add(.directory(permissions: 0o555, mtimeSeconds: 9), at: "proc")
        }
        let edited = try editor.edit(
            tree,
            """
            set -e
            echo x >/dev/null
            head -c 3 /dev/zero /dev/urandom >/dev/null
            [ "$(readlink /dev/stdin)" = fd/0 ]
            [ -r /proc/self/status ]
            # No process but those of the edit.
            [ "$(ls -d /proc/[0-9]* | wc -l)" -lt 8 ]
            ! echo 1 2>/dev/null >/proc/sys/vm/drop_caches
            [ "$(hostname)" = localhost ]
            """)
        #expect(edited.report == [])
        #expect(edited.edit.notes == [])
    }

    /// What it starts ends with it.
    @Test(arguments: Editor.allCases) func nothingGoesOnRunning(_ editor: Editor) throws {
        // A number nobody else sleeps for.
        let seconds = "\(Int.random(in: 1_000_000..<100_000_000))"
        let edited = try editor.edit(
            EditableTree(), "(trap '' HUP TERM; exec /bin/busybox sleep \(seconds)) &")
        #expect(edited.report == [])
        let survivors = try runProcess(["pgrep", "-f", "sleep \(seconds)"]).stdoutText
        #expect(survivors == "")
    }

    @Test func environmentIsNotOurs() throws {
        setenv("BAKE_TEST_SECRET", "1", 1)
        let edited = try EditableTree().edit(
            "env | sort >/env; umask >>/env; pwd >>/env", ownTime: 9)
        let text = try #require(try edited.content("env"))
        #expect(!text.contains("BAKE_TEST_SECRET"))
        #expect(text.contains("SOURCE_DATE_EPOCH=9\n") && text.contains("TZ=UTC\n"))
        #expect(text.contains("HOME=/root\n") && text.hasSuffix("0022\n/\n"))
    }

    /// A tree without a shell: this machine's, in the copy.
    @Test(arguments: Editor.allCases) func hostShell(_ editor: Editor) throws {
        let tree = try EditableTree(hasShell: false) {
            $0.add(
                Node(.regular(.bytes([1])), permissions: 0o600, uid: 7, mtimeSeconds: 5), at: "kept"
            )
        }
        // A path that was meant for the tree does nothing to this machine.
        let machine = try TemporaryDirectory()
        try machine.write("whole", to: "canary")
        chmod(machine.path, 0o777)
        chmod(machine.path("canary"), 0o666)
        let edited = try editor.edit(
            tree,
            """
            echo x >new; mkdir proc; chmod 700 kept; [ "$PWD" = "$BAKE_ROOT" ]
            ! { echo lost > '\(machine.path("canary"))'; } 2>/dev/null
            ! rm -f '\(machine.path("canary"))' 2>/dev/null
            """)
        #expect(try String(contentsOfFile: machine.path("canary"), encoding: .utf8) == "whole")
        #expect(edited.report == ["+ /new", "+ /proc", "~ /kept"])
        #expect(edited.line("/kept") == "f 0700 7:0 5 /kept 1")
        guard case .otherwise(.hostShell, let reason)? = edited.edit.notes.first else {
            Issue.record("not told")
            return
        }
        #expect(reason.contains("/bin/sh"))
        #expect(edited.edit.notes.count == 1)
    }

    @Test func withoutNamespaces() throws {
        let tree = try EditableTree {
            $0.add(
                Node(.regular(.bytes([1])), permissions: 0o600, uid: 7, mtimeSeconds: 5), at: "kept"
            )
        }
        let edited = try tree.editAsNobody(
            "echo x >new; chmod 700 kept; mkdir dev", .noNamespaces)
        #expect(edited.report == ["+ /dev", "+ /new", "~ /kept"])
        #expect(edited.line("/kept") == "f 0700 7:0 5 /kept 1")
        #expect(edited.line("/new") == "f 0644 0:0 0 /new 2")
        #expect(edited.edit.notes.count == 2)
    }

    @Test func programsGetTheirArguments() throws {
        let program = ["/bin/busybox", "touch", "/a b", "/c"].map { Array($0.utf8) }
        let edited = try EditableTree().edit(.argv(program))
        #expect(edited.report == ["+ /a b", "+ /c"])
        #expect {
            _ = try EditableTree().edit(.argv([Array("/bin/nothing".utf8)]))
        } throws: { error in
            "\(error)" == "the edit '/bin/nothing' ended with status 127"
        }
    }
}
