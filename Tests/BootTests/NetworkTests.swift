import Foundation
import TestSupport
import Testing

/// Two cards in one machine: a lease and router advertisements on one, a fixed address on the
/// other, asked for with rumprun's flags.
@Suite(.serialized)
struct NetworkTests {
    private static let report = """
        #!/bin/busybox sh
        bb=/bin/busybox
        $bb ip -o addr
        $bb ip route
        $bb ip -6 route
        $bb cat /etc/resolv.conf
        for address in 10.0.2.2 10.9.0.2 fec0::2; do
            $bb ping -c 1 -W 5 $address > /dev/null && echo "$address answers"
        done

        """

    @Test func twoCardsAndBothFamilies() throws {
        let scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"), scripts: ["bin/report": Self.report])
        let bake = try StagedBake.run([
            "-R", scratch.path("tree"), "-W", "inet,dhcp", "-o", scratch.path("x.img"), "--",
            "/bin/report",
        ])
        #expect(bake.status == 0, "\(bake.stderrText)")
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "-I", "out,vioif", "-I",
            "in,vioif,-net user,net=10.9.0.0/24,ipv6=off,restrict=on", "-W", "out,inet,dhcp", "-W",
            "out,inet6,auto", "-W", "in,inet,static,10.9.0.9/24,10.9.0.2", scratch.path("x.img"),
        ])
        #expect(result.status == 0, "\(result.stderrText)")
        let text = result.stdoutText
        for fact in [
            "eth0    inet 10.0.2.15/24", "eth0    inet6 fec0::", "eth1    inet 10.9.0.9/24",
            "default via 10.0.2.2 dev eth0  metric 100",
            "default via 10.9.0.2 dev eth1  metric 102", "default via fe80::2 dev eth0",
            "nameserver 10.0.2.3", "10.0.2.2 answers", "10.9.0.2 answers", "fec0::2 answers",
        ] {
            #expect(text.contains(fact), "no '\(fact)' in:\n\(text)\n\(result.stderrText)")
        }
    }
}
