/// What runs the guest's instructions.
public enum Accelerator: String, CaseIterable, Sendable {
    case kvm, tcg
}

/// What the user asked for; `auto` takes KVM where it works.
public enum AcceleratorChoice: String, CaseIterable, Sendable {
    case auto, kvm, tcg
}

/// An accelerator and why it was taken.
public struct AcceleratorVerdict: Equatable, Sendable {
    public var accelerator: Accelerator
    /// One phrase for people, such as `KVM: permission denied on /dev/kvm`.
    public var reason: String

    public init(accelerator: Accelerator, reason: String) {
        self.accelerator = accelerator
        self.reason = reason
    }
}
