import Editing
import Glibc
import TestSupport
import Testing
import Trees

private let isRoot = geteuid() == 0

/// A tree whose files belong to several, with what only root can give a file.
private func treeOfMany() throws -> EditableTree {
    try EditableTree {
        $0.add(
            Node(.directory, permissions: 0o750, uid: 33, gid: 34, mtimeSeconds: 5), at: "srv")
        $0.add(
            Node(.regular(.bytes([1])), permissions: 0o640, uid: 33, gid: 34, mtimeSeconds: 5),
            at: "srv/kept")
        $0.add(
            Node(.regular(.bytes([1])), permissions: 0o640, uid: 33, gid: 34, mtimeSeconds: 5),
            at: "srv/written")
        $0.add(
            Node(
                .regular(.bytes([1])), permissions: 0o4755, uid: 4_000_000, gid: 42,
                mtimeSeconds: 5), at: "srv/saved")
        $0.add(
            Node(
                .regular(.bytes([1])), permissions: 0o755, mtimeSeconds: 5,
                xattrs: [capability, .init(name: Array("user.note".utf8), value: [1])]),
            at: "ping")
        $0.link("ping6", to: "ping")
        $0.add(
            Node(
                .characterDevice(.init(major: 10, minor: 229)), permissions: 0o600, gid: 9,
                mtimeSeconds: 5), at: "nodes/fuse")
    }
}

/// CAP_NET_RAW, permitted and effective, as setcap(8) writes it.
private let capability = Node.Xattr(
    name: Array("security.capability".utf8),
    value: [1, 0, 0, 2, 0, 0x20, 0, 0] + Array(repeating: 0, count: 12))

@Suite struct OwnerTests {
    /// Whoever edits, and whatever the copy could be given: what the commands leave alone stays.
    @Test(arguments: Editor.allCases) func whatIsNotTouchedStays(_ editor: Editor) throws {
        let tree = try treeOfMany()
        let edited = try editor.edit(
            tree,
            """
            set -e
            echo more >>/srv/written
            sed -i s/x/y/ /srv/saved
            chmod 711 /ping
            echo new >/srv/new
            """)
        #expect(edited.line("/srv") == "d 0750 33:34 5 /srv")
        #expect(edited.line("/srv/kept") == "f 0640 33:34 5 /srv/kept 1")
        #expect(edited.line("/srv/written") == "f 0640 33:34 0 /srv/written 6")
        #expect(edited.line("/srv/new") == "f 0644 0:0 0 /srv/new 4")
        #expect(
            edited.line("/ping") == """
                f 0711 0:0 5 /ping 1 [security.capability=\(hexadecimal(capability.value))] \
                [user.note=01] = /ping6
                """)
        #expect(edited.line("/nodes/fuse") == "c 0600 0:9 5 /nodes/fuse 10:229")
        #expect(edited.edit.layer["nodes/fuse"] == nil && edited.edit.layer["srv/kept"] == nil)
    }

    @Test func devicesNotInTheCopyAreTold() throws {
        let edited = try treeOfMany().editAsNobody("[ ! -e /nodes/fuse ]")
        #expect(edited.edit.changes.isEmpty)
        #expect(edited.edit.notes == [.devicesNotInCopy(count: 1, examples: ["nodes/fuse"])])
    }

    /// Also when the copy does not have them: with their directory, they move and go.
    @Test(arguments: Editor.allCases) func devicesGoWithTheirDirectory(_ editor: Editor) throws {
        let tree = try treeOfMany()
        let moved = try editor.edit(tree, "mv /nodes /devices")
        #expect(moved.line("/devices/fuse") == "c 0600 0:9 5 /devices/fuse 10:229")
        #expect(moved.line("/nodes/fuse") == nil)
        let removed = try editor.edit(tree, "rm -r /nodes")
        #expect(removed.report == ["- /nodes", "- /nodes/fuse"])
    }

    /// The kernel takes capabilities from what is written to.
    @Test(arguments: Editor.allCases) func writingCostsCapabilities(_ editor: Editor) throws {
        let edited = try editor.edit(treeOfMany(), "echo x >>/ping")
        #expect(edited.line("/ping") == "f 0755 0:0 0 /ping 3 [user.note=01] = /ping6")
    }

    /// In a user namespace they name its root; in the image they are plain.
    @Test(arguments: Editor.allCases) func capabilitiesGivenAreThose(_ editor: Editor) throws {
        // This machine's setfattr, for want of one in busybox.
        let tree = try EditableTree(hasShell: false)
        let value = hexadecimal(capability.value)
        let edited = try editor.edit(
            tree, "echo x >f; setfattr -n security.capability -v 0x\(value) f")
        #expect(edited.line("/f") == "f 0644 0:0 0 /f 2 [security.capability=\(value)]")
    }

    @Test(arguments: Editor.allCases) func accessControlListsAreRefused(_ editor: Editor) throws {
        let tree = try EditableTree(hasShell: false)
        #expect {
            _ = try editor.edit(tree, "echo x >f; setfacl -m u:0:r f")
        } throws: { error in
            "\(error)" == "the edit gave /f an access control list, which squashfs cannot hold"
        }
    }

    @Test func nobodyWithoutIDsCannotGiveFilesAway() throws {
        let tree = try treeOfMany()
        #expect {
            _ = try tree.editAsNobody("chown 33 /bin/busybox")
        } throws: { error in
            (error as? EditError)?.hint?.contains("/etc/subuid") == true
        }
    }

    @Test(.enabled(if: Nobody.canHaveSubordinateIDs))
    func nobodyWithIDsGivesFilesAway() throws {
        let edited = try treeOfMany().editAsNobody(
            """
            set -e
            chown 33:42 /bin/busybox
            mkdir /var; echo x >/var/secret; echo y >/var/su
            chmod 600 /var/secret; chown 101:102 /var/secret /var/su /var
            chmod 4755 /var/su; chmod 1700 /var
            ln -s x /var/link; chown -h 7:8 /var/link
            """, .subordinateIDs)
        #expect(edited.line("/bin/busybox")?.hasPrefix("f 0755 33:42 1000 /bin/busybox") == true)
        #expect(edited.line("/var") == "d 1700 101:102 0 /var")
        #expect(edited.line("/var/secret") == "f 0600 101:102 0 /var/secret 2")
        #expect(edited.line("/var/su") == "f 4755 101:102 0 /var/su 2")
        #expect(edited.line("/var/link") == "l 0777 7:8 0 /var/link -> x")
        #expect(try edited.content("var/secret") == "x\n")
        // Not what the copy belonged to outside.
        #expect(edited.line("/srv/kept") == "f 0640 33:34 5 /srv/kept 1")
    }

    @Test(.enabled(if: isRoot)) func rootGivesFilesAwayAndMakesDevices() throws {
        let edited = try treeOfMany().edit(
            """
            set -e
            chown 5:6 /ping; chown 0:0 /srv/kept; mknod /nodes/new c 1 3
            """)
        #expect(
            edited.report == ["+ /nodes/new", "~ /ping", "~ /ping6", "~ /srv/kept"])
        #expect(edited.line("/nodes/new") == "c 0644 0:0 0 /nodes/new 1:3")
        #expect(edited.line("/srv/kept") == "f 0640 0:0 5 /srv/kept 1")
        #expect(edited.line("/ping") == "f 0755 5:6 5 /ping 1 [user.note=01] = /ping6")
    }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}
