import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Launching

@Suite struct AcceleratorTests {
    private func installedTools() throws -> LaunchTools {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return try LaunchTools.find(searchPath: path)
    }

    /// The ROM runs where it is known to work, so a failure under KVM is KVM's.
    @Test func theProbeSucceedsUnderTCG() throws {
        let reason = try KVMProbe.reasonAgainst(
            qemu: try installedTools().qemu, timeoutSeconds: 60, accelerator: .tcg)
        #expect(reason == nil)
    }

    /// Whatever this machine has, there is an answer, and it has a reason.
    @Test func theProbeAnswers() throws {
        let verdict = Accelerator.probe(tools: try installedTools())
        #expect(verdict.reason.hasPrefix("KVM"))
        #expect((verdict.accelerator == .kvm) == (verdict.reason == "KVM works"))
    }

    /// A QEMU that hangs in place of the real one.
    @Test(arguments: [
        ("exec sleep 1000", "KVM: the probe did not answer within 1 s"),
        ("echo could not do it >&2; exit 1", "KVM: could not do it"),
        ("exit 9", "KVM: the probe ended with status 9"),
        ("exit 85", "KVM works"),
    ])
    func verdicts(script: String, reason: String) throws {
        let scratch = try TemporaryDirectory()
        try scratch.writeScript(script, to: "qemu")
        let tools = LaunchTools(qemu: FilePath(scratch.path("qemu")), uefi: nil)
        let verdict = Accelerator.probe(tools: tools, device: "/dev/null", timeoutSeconds: 1)
        #expect(verdict.reason == reason)
    }

    @Test func aMissingDeviceIsNamed() throws {
        let verdict = Accelerator.probe(tools: toolsOfTests, device: "/dev/no-such-device")
        #expect(
            verdict
                == AcceleratorVerdict(accelerator: .tcg, reason: "KVM: no /dev/no-such-device"))
    }

    @Test func tcgIsTakenWithoutAsking() throws {
        #expect(try AcceleratorChoice.tcg.resolve(tools: toolsOfTests).accelerator == .tcg)
    }

    @Test func noQEMUIsNamedWithItsPackage() {
        let error = LaunchError.noQEMU(program: "qemu-system-x86_64")
        #expect(throws: error) { try LaunchTools.find(searchPath: "/no-such-directory:/etc") }
        #expect(error.description.contains("apt-get install qemu-system-x86"))
    }

    @Test(
        arguments: [
            (["/usr/share/OVMF/OVMF_CODE_4M.fd"], nil),
            (
                ["/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"],
                .split(
                    code: "/usr/share/OVMF/OVMF_CODE.fd", variables: "/usr/share/OVMF/OVMF_VARS.fd")
            ),
            (["/usr/share/ovmf/OVMF.fd"], .combined("/usr/share/ovmf/OVMF.fd")),
            ([], nil),
        ] as [([FilePath], UEFIFirmware?)])
    func firmwareIsFound(present: [FilePath], expected: UEFIFirmware?) {
        #expect(UEFIFirmware.find { present.contains($0) } == expected)
    }
}
