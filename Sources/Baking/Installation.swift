public import SystemPackage

/// Where an installed bake keeps the parts that travel with it:
///
///     PREFIX/bin/bake
///     PREFIX/lib/bake/bake-init, boot-stub.bin, linuxx64.efi.stub, linuxx64.efi.stub.version
///     PREFIX/share/bake/defaults-etc/
public struct Installation: Sendable {
    /// PREFIX.
    public let prefix: FilePath

    public init(prefix: FilePath) {
        self.prefix = prefix
    }

    /// PID 1 of the guest, a static program.
    public var guestInit: FilePath { part("bake-init") }
    /// The flat boot stub, its boot record empty.
    public var bootStub: FilePath { part("boot-stub.bin") }
    /// systemd's EFI stub, as its package has it.
    public var efiStub: FilePath { part("linuxx64.efi.stub") }
    /// One line: the version of the package the EFI stub is from.
    public var efiStubVersion: FilePath { part("linuxx64.efi.stub.version") }
    /// The tree of the lowest layer.
    public var defaultEtc: FilePath { prefix.appending("share/bake/defaults-etc") }

    private func part(_ name: String) -> FilePath {
        prefix.appending("lib/bake").appending(name)
    }
}
