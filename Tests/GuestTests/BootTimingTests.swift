import Testing

@testable import BakeContract
@testable import bake_init

@Suite struct BootTimingTests {
    private var timing: BootTiming {
        var timing = BootTiming(startedAt: 612)
        timing.note(.mountBasics, at: 640)
        timing.note(.debugShell, at: 1640)
        timing.note(.setHostname("a b".bytes), at: 1641)
        return timing
    }

    @Test func aTable() {
        #expect(
            timing.report(.table).map(\.shown) == [
                "bake: timing: from ms  took ms  step",
                "bake: timing:       0      612  kernel: start the kernel",
                "bake: timing:     612       28  basics: mount /proc, /sys and /dev",
                "bake: timing:     640     1000  debug: a shell",
                "bake: timing:    1640        1  hostname: set the host name to a b",
                "bake: timing:    1641 ready",
            ])
    }

    @Test func aLineOfJSON() {
        #expect(
            timing.report(.json).map(\.shown) == [
                #"bake: timing: {"ready_ms":1641,"steps":["#
                    + #"{"start_ms":0,"step":"kernel","took_ms":612},"#
                    + #"{"start_ms":612,"step":"basics","took_ms":28},"#
                    + #"{"start_ms":640,"step":"debug","took_ms":1000},"#
                    + #"{"start_ms":1640,"step":"hostname","took_ms":1}]}"#
            ])
    }
}
