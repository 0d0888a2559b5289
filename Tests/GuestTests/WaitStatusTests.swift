import BakeContract
import Testing

@testable import bake_init

@Suite struct WaitStatusTests {
    @Test(
        arguments: [
            (0x0000, WaitStatus.exited(0), 0), (0x0700, .exited(7), 7), (0xff00, .exited(255), 255),
            (0x0009, .signalled(9), 137), (0x008b, .signalled(11), 139),
            (0x000f, .signalled(15), 143),
            (0x137f, .running, nil), (0xffff, .running, nil),
        ] as [(Int32, WaitStatus, Int32?)])
    func status(raw: Int32, status: WaitStatus, shellStatus: Int32?) {
        #expect(WaitStatus(raw: raw) == status)
        #expect(WaitStatus(raw: raw).shellStatus == shellStatus)
    }
}

@Suite struct StatusReportTests {
    @Test(arguments: [
        (StatusReport.exited(7), "exit 7\n"),
        (.failed(.corruption, "it broke"), "failed 34 it broke\n"),
    ])
    func line(report: StatusReport, line: String) {
        #expect(report.line == line.bytes)
    }

    @Test func aPortSaysTheStatusSoTheConsoleNeedNot() {
        #expect(StatusReport.exited(7).consoleLine(hasPort: true) == nil)
        #expect(
            StatusReport.exited(7).consoleLine(hasPort: false)
                == "bake: exited with status 7".bytes)
    }

    @Test(arguments: [true, false])
    func aFailureIsOnTheConsoleToo(hasPort: Bool) {
        #expect(
            StatusReport.failed(.network, "no answer").consoleLine(hasPort: hasPort)
                == "bake: error: no answer (status 41)".bytes)
    }
}
