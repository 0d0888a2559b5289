public import SystemPackage
public import Trees

/// Why an edit failed. The tree is as it was.
public enum EditError: Error, Sendable {
    /// The copy could not be written.
    case copy(TreeWriteError)
    /// The copy could not be read again, or the contents not be kept.
    case tree(TreeError)
    case scratch(directory: String, Errno)
    /// A tool that is part of every Debian.
    case tool(name: String, Errno)
    /// Nothing can run commands in the copy without endangering this machine.
    case noShell(reason: String)
    /// An access control list that the commands set.
    case accessControlList(TreePath)
    case ended(Edit.Commands, status: Int, Confinement)
}

extension EditError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .copy(let error): error.description
        case .tree(let error): error.description
        case .scratch(let directory, let errno):
            "cannot make a copy of the tree in '\(directory)': \(errno)"
        case .tool(let name, let errno):
            "cannot start '\(name)': \(errno)"
        case .noShell(let reason):
            """
            cannot run commands in the tree: its own /bin/sh could not be started (\(reason)), and \
            this machine's would need namespaces
            """
        case .accessControlList(let path):
            "the edit gave \(path) an access control list, which squashfs cannot hold"
        case .ended(let commands, let status, _):
            "the edit '\(commands.text)' ended with status \(status)"
        }
    }

    public var hint: String? {
        switch self {
        case .ended(_, _, let confinement): confinement.hint
        case .accessControlList: "remove it with 'setfacl -b'"
        case .tool: "it is part of Debian's util-linux, coreutils and findutils"
        case .noShell: "add a tree with a shell: --install sh, or -R with a busybox as /bin/sh"
        case .copy, .tree, .scratch: nil
        }
    }
}

extension Edit.Commands {
    /// For messages.
    var text: String {
        switch self {
        case .shellText(let text): String(printable: text)
        case .argv(let words): words.map(String.init(printable:)).joined(separator: " ")
        case .interactive: "/bin/sh"
        }
    }
}
