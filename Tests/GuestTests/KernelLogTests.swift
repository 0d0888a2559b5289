import CGuest
import Testing

@testable import BakeContract
@testable import bake_init

@Suite struct OutOfMemoryKillTests {
    /// As Linux 6.1 writes them.
    private static let summary =
        "6,412,2031877,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,"
        + "mems_allowed=0,global_oom,task_memcg=/,task=hog,pid=71,uid=1000\n SUBSYSTEM=x\n"
    private static let notice =
        "3,413,2031901,-;Out of memory: Killed process 71 (hog) total-vm:204800kB, "
        + "anon-rss:180000kB, file-rss:4kB, shmem-rss:0kB, UID:1000 pgtables:400kB oom_score_adj:0\n"
    private static let group =
        "3,9,1,-;Memory cgroup out of memory: Killed process 5 (a) b) total-vm:1kB\n"

    @Test(arguments: [(summary, 71, "hog"), (notice, 71, "hog"), (group, 5, "a")])
    func kills(record: String, process: pid_t, name: String) {
        let kill = OutOfMemoryKill(record: record.bytes)
        #expect(kill?.process == process)
        #expect(kill?.name == name.bytes)
    }

    @Test(arguments: [
        "", ";", "3;", "3,1,1,-;Killed process ", "3,1,1,-;Killed process x (a) ",
        "3,1,1,-;oom-kill:,task=a", "3,1,1,-;oom-kill:,pid=7,task=a",
        // Written by a program: its facility says so.
        "11,413,2031901,-;Out of memory: Killed process 71 (hog) total-vm:204800kB",
        "x,1,1,-;Killed process 71 (hog) total-vm:1kB",
    ])
    func anythingElse(record: String) {
        #expect(OutOfMemoryKill(record: record.bytes) == nil)
    }

    @Test func cutRecordsAreNoTrap() {
        for record in [Self.summary, Self.notice, Self.group] {
            for count in record.bytes.indices {
                _ = OutOfMemoryKill(record: Bytes(record.bytes.prefix(count)))
            }
        }
    }
}

@Suite struct PowerButtonTests {
    /// What a Linux 6.1 kernel sent when QEMU pressed the button, header to end.
    private static let press: Bytes =
        [0x44, 0, 0, 0, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0x30, 0, 1, 0]
        + "button/power".bytes + Bytes(repeating: 0, count: 8) + "LNXPWRBN:00".bytes
        + Bytes(repeating: 0, count: 5) + [0x80, 0, 0, 0, 1, 0, 0, 0]

    @Test func aPressIsOne() {
        #expect(Self.press.count == 0x44)
        #expect(isPowerButtonEvent(Self.press))
    }

    @Test func otherEventsAreNone() {
        var lid = Self.press
        lid.replaceSubrange(24..<36, with: "button/lid\0\0".bytes)
        #expect(!isPowerButtonEvent(lid))
        var wake = Self.press
        wake[60] = 2
        #expect(!isPowerButtonEvent(wake))
        for count in 0..<Self.press.count {
            #expect(!isPowerButtonEvent(Bytes(Self.press.prefix(count))))
        }
    }

    /// The controller's answer for `acpi_event`, shortened to what counts.
    private static let answer: Bytes =
        [0x48, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0]
        + [0x0f, 0, 2, 0] + "acpi_event\0\0".bytes
        + [0x24, 0, 7, 0x80, 0x20, 0, 1, 0x80, 8, 0, 2, 0, 5, 0, 0, 0, 0x12, 0, 1, 0]
        + "acpi_mc_group\0\0\0".bytes

    @Test func theGroupIsFoundByItsName() {
        #expect(Self.answer.count == 0x48)
        #expect(groupNumber("acpi_mc_group".bytes, inAnswer: Self.answer) == 5)
        #expect(groupNumber("acpi_mc".bytes, inAnswer: Self.answer) == nil)
        for count in 0..<Self.answer.count {
            #expect(
                groupNumber("acpi_mc_group".bytes, inAnswer: Bytes(Self.answer.prefix(count)))
                    == nil)
        }
    }

    /// The kernel of this machine knows the controller's own family.
    @Test func aRealControllerAnswers() throws {
        let number = guest_socket(AF_NETLINK, guest_SOCK_RAW_CLOEXEC, NETLINK_GENERIC)
        try #require(number >= 0)
        let socket = FileDescriptor(adopting: number)
        let request = familyRequest("nlctrl".bytes)
        #expect(send(socket.number, request, request.count, 0) == request.count)
        var answer = Bytes(repeating: 0, count: 4096)
        let count = recv(socket.number, &answer, answer.count, 0)
        #expect(groupNumber("notify".bytes, inAnswer: Bytes(answer.prefix(max(0, count)))) != nil)
    }
}
