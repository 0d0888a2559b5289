import Editing
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// Who edits: the result must not depend on it.
enum Editor: String, CaseIterable, CustomTestStringConvertible {
    case caller, nobody

    var testDescription: String { rawValue }

    func edit(_ tree: EditableTree, _ commands: String, ownTime: Int64 = 0) throws -> Edited {
        switch self {
        case .caller: try tree.edit(commands, ownTime: ownTime)
        case .nobody: try tree.editAsNobody(commands, ownTime: ownTime)
        }
    }
}

@Suite struct EditTests {
    @Test(arguments: Editor.allCases) func addChangeRemove(_ editor: Editor) throws {
        let tree = try EditableTree {
            $0.add(.file(Array("old".utf8), mtimeSeconds: 5), at: "etc/kept")
            $0.add(.file(Array("old".utf8), mtimeSeconds: 5), at: "etc/changed")
            $0.add(.file(Array("old".utf8), mtimeSeconds: 5), at: "gone/a/b")
        }
        let edited = try editor.edit(
            tree,
            """
            set -e
            echo new >/etc/changed
            mkdir /etc/conf.d
            echo added >/etc/conf.d/x
            ln -s ../bin/sh /etc/link
            rm -r /gone
            """, ownTime: 77)
        #expect(
            edited.report == [
                "+ /etc/conf.d", "+ /etc/conf.d/x", "+ /etc/link", "~ /etc/changed", "- /gone",
                "- /gone/a", "- /gone/a/b",
            ])
        #expect(edited.edit.notes == [])
        #expect(edited.edit.layer.name == "edit 1")
        #expect(edited.edit.layer.whiteouts == ["gone"])
        #expect(edited.line("/etc/kept") == "f 0644 0:0 5 /etc/kept 3")
        #expect(edited.line("/etc/changed") == "f 0644 0:0 77 /etc/changed 4")
        #expect(edited.line("/etc/conf.d") == "d 0755 0:0 77 /etc/conf.d")
        #expect(edited.line("/etc/link") == "l 0777 0:0 77 /etc/link -> ../bin/sh")
        #expect(try edited.content("etc/conf.d/x") == "added\n")
        // A directory something came into is no changed directory.
        #expect(edited.line("/etc") == "d 0755 0:0 0 /etc")
    }

    @Test(arguments: Editor.allCases) func nothing(_ editor: Editor) throws {
        let edited = try editor.edit(
            EditableTree(), "ls -lR /bin >/dev/null; : >/x; rm /x; chmod 755 /bin/busybox")
        #expect(edited.edit.changes.isEmpty)
        #expect(edited.edit.layer.entries.isEmpty && edited.edit.layer.whiteouts.isEmpty)
    }

    /// The same edit on two days: times of the clock become `ownTime`, times somebody chose stay.
    @Test(arguments: Editor.allCases) func sameOnAnotherDay(_ editor: Editor) throws {
        let commands = """
            date +%s >/dev/null
            mkdir /a; echo x >/a/x; touch -d @12345 /a/old; ln /a/x /a/y
            touch -d @54321 /bin
            """
        let first = try editor.edit(EditableTree(), commands)
        Thread.sleep(forTimeInterval: 1.1)
        let second = try editor.edit(EditableTree(), commands)
        #expect(first.tree.text == second.tree.text)
        #expect(first.line("/a/old") == "f 0644 0:0 12345 /a/old 0")
        #expect(first.line("/a/x") == "f 0644 0:0 0 /a/x 2 = /a/y")
        #expect(first.line("/bin") == "d 0755 0:0 54321 /bin")
    }

    @Test(arguments: Editor.allCases) func kindsReplaceEachOther(_ editor: Editor) throws {
        let tree = try EditableTree {
            $0.add(.file([1]), at: "directory/below")
            $0.add(.file([2]), at: "file")
            $0.add(.symlink(to: Array("/bin".utf8)), at: "link")
        }
        let edited = try editor.edit(
            tree,
            """
            set -e
            rm -r /directory; echo f >/directory
            rm /file; mkdir /file; echo g >/file/inside
            rm /link; mkdir /link; echo h >/link/inside
            mkfifo /pipe
            """)
        #expect(
            edited.report == [
                "+ /file/inside", "+ /link/inside", "+ /pipe", "~ /directory", "~ /file",
                "~ /link", "- /directory/below",
            ])
        #expect(edited.line("/directory") == "f 0644 0:0 0 /directory 2")
        #expect(edited.line("/file/inside") == "f 0644 0:0 0 /file/inside 2")
        // Not followed into /bin: the link is gone.
        #expect(edited.line("/link/inside") == "f 0644 0:0 0 /link/inside 2")
        #expect(edited.line("/bin/inside") == nil)
        #expect(edited.line("/pipe") == "p 0644 0:0 0 /pipe")
    }

    @Test(arguments: Editor.allCases) func namesMove(_ editor: Editor) throws {
        let tree = try EditableTree {
            $0.add(
                Node(
                    .regular(.bytes([1, 2])), permissions: 0o640, uid: 7, gid: 8, mtimeSeconds: 9),
                at: "from/secret")
        }
        let edited = try editor.edit(tree, "mv /from /to")
        #expect(edited.report == ["+ /to", "+ /to/secret", "- /from", "- /from/secret"])
        // Owner, mode, time and content went with it.
        #expect(edited.line("/to/secret") == "f 0640 7:8 9 /to/secret 2")
        guard case .regular(.bytes([1, 2]))? = edited.edit.layer["to/secret"]?.kind else {
            Issue.record("the content was copied")
            return
        }
    }

    @Test(arguments: Editor.allCases) func hardLinks(_ editor: Editor) throws {
        let tree = try EditableTree {
            $0.add(.file([1], mtimeSeconds: 3), at: "a")
            for name: TreePath in ["b", "c"] { $0.link(name, to: "a") }
            $0.add(.file([2], mtimeSeconds: 3), at: "x")
            $0.link("y", to: "x")
        }
        let edited = try editor.edit(
            tree,
            """
            set -e
            echo more >>/a            # all three names
            cp /x /n; mv /n /x        # breaks the pair
            ln /y /z                  # a new one
            """)
        #expect(edited.report == ["+ /z", "~ /a", "~ /b", "~ /c", "~ /x"])
        #expect(edited.line("/a") == "f 0644 0:0 0 /a 6 = /b = /c")
        #expect(edited.line("/x") == "f 0644 0:0 0 /x 1")
        #expect(edited.line("/y") == "f 0644 0:0 3 /y 1 = /z")
    }

    @Test(arguments: Editor.allCases) func modesOfAllKinds(_ editor: Editor) throws {
        let tree = try EditableTree {
            $0.add(.file([1], permissions: 0o4755), at: "setuid")
            $0.add(.file([1], permissions: 0o2755), at: "setgid")
            $0.add(.file(Array("closed".utf8), permissions: 0), at: "none")
            $0.add(.directory(permissions: 0), at: "shut")
            $0.add(.file(Array("inner".utf8), permissions: 0), at: "shut/inner")
            $0.add(.directory(permissions: 0), at: "shut/below")
            $0.add(.directory(permissions: 0o1777), at: "tmp")
        }
        let edited = try editor.edit(
            tree,
            """
            set -e
            cat /none /shut/inner >/both
            echo x >>/shut/inner
            echo s >/new; chmod 6711 /new
            mkdir /dark; echo d >/dark/d; chmod 0 /dark/d /dark
            chmod 4511 /bin/busybox
            """)
        #expect(try edited.content("both") == "closedinner")
        #expect(try edited.content("shut/inner") == "innerx\n")
        #expect(try edited.content("dark/d") == "d\n")
        #expect(
            edited.report == [
                "+ /both", "+ /dark", "+ /dark/d", "+ /new", "~ /bin/busybox", "~ /shut/inner",
            ])
        #expect(edited.line("/new")?.hasPrefix("f 6711 0:0 0 /new") == true)
        #expect(edited.line("/dark") == "d 0000 0:0 0 /dark")
        #expect(edited.line("/dark/d") == "f 0000 0:0 0 /dark/d 2")
        #expect(edited.line("/shut/inner") == "f 0000 0:0 0 /shut/inner 7")
        #expect(edited.line("/bin/busybox")?.hasPrefix("f 4511 0:0 1000") == true)
        guard case .regular(.file)? = edited.edit.layer["bin/busybox"]?.kind else {
            Issue.record("a mode cost a copy of the content")
            return
        }
    }

    @Test(arguments: Editor.allCases) func namesOfAnyBytes(_ editor: Editor) throws {
        let composed = TreePath([0xc3, 0xa9])!  // e with acute, one character two ways
        let decomposed = TreePath([0x65, 0xcc, 0x81])!
        let tree = try EditableTree {
            $0.add(.file([1]), at: TreePath([0xff, 0x0a, 0x78])!)
            $0.add(.file([1]), at: composed)
            $0.add(.file([1]), at: decomposed)
        }
        let edited = try editor.edit(
            tree,
            """
            set -e
            mv "$(printf '/\\377\\nx')" "$(printf '/\\376\\033')"
            rm "$(printf '/\\303\\251')"
            """)
        #expect(edited.edit.changes.added == [TreePath([0xfe, 0x1b])!])
        #expect(edited.edit.changes.removed == [composed, TreePath([0xff, 0x0a, 0x78])!])
        #expect(edited.tree.entries.contains { $0.path == decomposed })
    }

    @Test(arguments: Editor.allCases) func holesStay(_ editor: Editor) throws {
        let edited = try editor.edit(
            EditableTree(), "dd if=/dev/zero of=/big bs=1 count=1 seek=8589934591 2>/dev/null")
        guard case .regular(.stored(let content))? = edited.edit.layer["big"]?.kind else {
            Issue.record("not stored")
            return
        }
        #expect(content.byteCount == 8_589_934_592)
        #expect(content.extents.map(\.byteCount).reduce(0, +) < 1 << 20)
    }

    @Test(arguments: Editor.allCases) func failingCommands(_ editor: Editor) throws {
        let tree = try EditableTree()
        #expect {
            _ = try editor.edit(tree, "echo x >/x; exit 3")
        } throws: { error in
            "\(error)" == "the edit 'echo x >/x; exit 3' ended with status 3"
        }
        #expect {
            _ = try editor.edit(tree, "kill -9 $$")
        } throws: { error in
            "\(error)".hasSuffix("ended with status 137")
        }
    }

    @Test func failureLeavesNothing() throws {
        let scratch = try TemporaryDirectory()
        let tree = try EditableTree()
        #expect(throws: EditError.self) {
            try Edit.run(
                tree.tree, commands: .shellText(Array("false".utf8)),
                scratch: FilePath(scratch.path))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [])
    }
}
