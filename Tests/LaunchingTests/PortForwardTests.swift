import Launching
import Testing

@Suite struct PortForwardTests {
    @Test(arguments: [
        ("8080:80", PortForward(hostPort: 8080, guestPort: 80)),
        ("tcp:8080:80", PortForward(hostPort: 8080, guestPort: 80)),
        ("udp:53:5353", PortForward(transport: .udp, hostPort: 53, guestPort: 5353)),
        ("0.0.0.0:1:65535", PortForward(hostAddress: "0.0.0.0", hostPort: 1, guestPort: 65535)),
        (
            "udp:127.0.0.2:1:2",
            PortForward(transport: .udp, hostAddress: "127.0.0.2", hostPort: 1, guestPort: 2)
        ),
    ])
    func parses(text: String, expected: PortForward) throws {
        #expect(try PortForward(parsing: text) == expected)
    }

    @Test(arguments: [
        "", ":", "80", "80:", ":80", "0:80", "80:0", "65536:80", "80:65536", "+80:80", "-1:80",
        "a:b", "1:2:3", "256.0.0.1:1:2", "1.2.3:1:2", "1.2.3.4.5:1:2", "::1:80:80", "udp:80",
        "sctp:1:2", "80:80,guestfwd=x", "1.2.3.4,x:1:2", " 80:80", "8080:80\n",
    ])
    func refuses(text: String) {
        #expect(throws: LaunchError.badPortForward(text)) { try PortForward(parsing: text) }
    }
}
