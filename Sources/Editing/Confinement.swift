internal import Glibc
internal import SystemPackage
internal import Trees

/// How the commands of an edit are kept to the copy of the tree, and what they see.
public struct Confinement: Sendable, Equatable {
    enum View: Sendable {
        /// The copy is their root directory; paths are the image's.
        case image
        /// This machine, with the copy as the working directory.
        case host
    }

    enum Namespaces: Sendable, Equatable {
        case none
        /// Made by root.
        case privileged
        /// Root of a user namespace, and with the ranges of /etc/subuid everybody else too.
        case user(hasRanges: Bool)
    }

    /// What a confinement lacks of the best one.
    public enum Weakness: Sendable, Hashable, CustomStringConvertible {
        case hostShell
        case noNamespaces

        public var description: String {
            switch self {
            case .hostShell:
                """
                the commands ran with this machine's shell and programs, in a copy of the tree: \
                the tree's own /bin/sh could not be started
                """
            case .noNamespaces: "the commands ran without namespaces of their own"
            }
        }
    }

    let view: View
    let namespaces: Namespaces
    let owners: OwnerMap

    /// The best first.
    private static func candidates(isRoot: Bool) -> [(View, Namespaces)] {
        isRoot
            // Never this machine's shell as root without namespaces: an absolute path would mean
            // this machine.
            ? [(.image, .privileged), (.image, .none), (.host, .privileged)]
            : [
                (.image, .user(hasRanges: true)), (.image, .user(hasRanges: false)),
                (.host, .user(hasRanges: true)), (.host, .user(hasRanges: false)), (.host, .none),
            ]
    }

    /// Tries one after the other, with a command that does nothing: what a kernel, a container and
    /// a tree allow is known only by doing it.
    static func find(
        for workshop: borrowing Workshop
    ) throws(EditError) -> (Confinement, [EditNote]) {
        // The last of each: the weakest confinement asks for least.
        var reasons: [View: String] = [:]
        for (view, namespaces) in candidates(isRoot: geteuid() == 0) {
            let confinement = Confinement(view: view, namespaces: namespaces, owners: .identity)
            let reason = try confinement.obstacle(in: workshop)
            guard let reason else {
                let found = Confinement(
                    view: view, namespaces: namespaces,
                    owners: try confinement.readOwners(in: workshop))
                if view == .host { workshop.removeMountPoints() }
                return (found, found.notes(reasons))
            }
            reasons[view] = reason
        }
        throw .noShell(reason: reasons[.image] ?? reasons[.host] ?? "")
    }

    private func notes(_ reasons: [View: String]) -> [EditNote] {
        var notes: [EditNote] = []
        if view == .host {
            notes.append(.otherwise(.hostShell, reason: reasons[.image] ?? ""))
        }
        if case .none = namespaces {
            notes.append(
                .otherwise(.noNamespaces, reason: reasons[view] ?? reasons[.image] ?? ""))
        }
        return notes
    }

    /// For the user whose commands failed.
    var hint: String? {
        if view == .host, namespaces != .none {
            return """
                the tree has no /bin/sh that starts here, so this machine's shell ran with the copy \
                of the tree as its working directory and in BAKE_ROOT; this machine was read-only
                """
        }
        if case .user(hasRanges: false) = namespaces {
            return """
                giving files to another owner than root needs a range in /etc/subuid and \
                /etc/subgid, and the package uidmap
                """
        }
        return nil
    }
}

extension Confinement {
    /// The command line for a program of the edit.
    func arguments(_ program: [Bytes], in workshop: borrowing Workshop) -> [Bytes] {
        let script: String =
            switch (view, namespaces) {
            case (.image, .none): EnterScript.changedRoot
            case (.image, _): EnterScript.image
            case (.host, .none): EnterScript.host
            case (.host, _): EnterScript.hostInNamespaces
            }
        return unshare + limits + words("/bin/sh", "-c", script, "sh", workshop.tree.string)
            + program
    }

    /// No network namespace: package managers are what many edits are about.
    private var unshare: [Bytes] {
        if case .none = namespaces { return [] }
        return words("unshare") + userNamespace
            + words("--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
    }

    /// Root of this machine still, whom a package's script must not let reboot it or load modules.
    private var limits: [Bytes] {
        guard case .privileged = namespaces else { return [] }
        return words("setpriv", "--bounding-set=-sys_boot,-sys_module,-sys_time")
    }

    /// The options of unshare(1) for the ids alone.
    private var userNamespace: [Bytes] {
        switch namespaces {
        case .none, .privileged: []
        case .user(hasRanges: false): words("--user", "--map-root-user")
        case .user(hasRanges: true): words("--user", "--map-root-user", "--map-auto")
        }
    }

    /// For tools that have to do with files of all ids the commands had.
    func asOwnerOfAll(_ command: [Bytes]) -> [Bytes] {
        words("unshare") + userNamespace + command
    }

    var hasRanges: Bool {
        if case .user(hasRanges: true) = namespaces { true } else { false }
    }

    func words(_ words: String...) -> [Bytes] { words.map { Bytes($0.utf8) } }
}
