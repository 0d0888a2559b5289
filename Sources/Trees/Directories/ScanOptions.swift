/// How a directory of this machine is read.
public struct ScanOptions: Sendable {
    public var owner: OwnerRule
    /// Files that are not part of the tree, such as the output itself.
    public var leavingOut: Set<HostIdentity>
    /// Files may change while they are read (`--allow-changing`): then that is a note.
    public var mayChange: Bool
    /// What is mounted inside the tree from another file system is left out
    /// (`--one-file-system`). Its mount point stays, as an empty directory.
    public var staysOnFileSystem: Bool
    /// POSIX access control lists are left out (`--drop-acl`) instead of refused.
    public var dropsACLs: Bool
    /// Pure; asked once for every path but the root. What it excludes is not even looked at, and a
    /// directory goes with all it holds: what cannot be read can be excluded.
    public var excluding: (@Sendable (TreePath) -> Bool)?

    /// Names are taken from the kernel in the opposite order, which makes no difference to the
    /// layer: `bake build --check-reproducible` shows that.
    public var reversesNames: Bool

    /// For what is known of very many files. Nil: memory has room.
    public var scratch: Scratch?

    public init(
        owner: OwnerRule = .keep, leavingOut: Set<HostIdentity> = [], mayChange: Bool = false,
        staysOnFileSystem: Bool = false, dropsACLs: Bool = false,
        excluding: (@Sendable (TreePath) -> Bool)? = nil, reversesNames: Bool = false,
        scratch: Scratch? = nil
    ) {
        self.owner = owner
        self.leavingOut = leavingOut
        self.mayChange = mayChange
        self.staysOnFileSystem = staysOnFileSystem
        self.dropsACLs = dropsACLs
        self.excluding = excluding
        self.reversesNames = reversesNames
        self.scratch = scratch
    }
}
