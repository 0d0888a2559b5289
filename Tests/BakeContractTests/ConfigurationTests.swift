import BakeContract
import Testing

@Suite("Configurations")
struct ConfigurationTests {
    @Test(
        "a refusal names the place and what would be right",
        arguments: [
            ("[]", "1:1: error: a configuration is a JSON object: { ... }"),
            ("{\n  \"hostname\": 7\n}", "2:15: error: 'hostname' must be a string"),
            (
                "{\"hostname\":\"-a\"}",
                "1:13: error: 'hostname' must be a host name: 1 to 64 letters, digits, '-' and '.', "
                    + "a letter or digit first"
            ),
            (
                "{\"hostname\":\"a\\u0000\"}",
                "1:13: error: 'hostname' must be a string without NUL characters"
            ),
            ("{\"hostnme\":\"a\"}", "1:2: error: unknown key 'hostnme', did you mean 'hostname'?"),
            ("{\"nte\":[]}", "1:2: error: unknown key 'nte', did you mean 'net'?"),
            ("{\"completely\":1}", "1:2: error: unknown key 'completely'"),
            (
                "{\"rc\":[{\"bin\":\"a\",\"agrv\":[]}]}",
                "1:19: error: unknown key 'rc[0].agrv', did you mean 'argv'?"
            ),
            ("{\"rc\":[]}", "1:7: error: 'rc' must be a list of objects, at least one"),
            ("{\"rc\":[{}]}", "1:8: error: 'rc[0]' has no 'bin'"),
            ("{\"rc\":[{\"bin\":\"\"}]}", "1:15: error: 'rc[0].bin' must be the name of a program"),
            (
                "{\"rc\":[{\"bin\":\"a\",\"argv\":\"b\"}]}",
                "1:26: error: 'rc[0].argv' must be a list of strings"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\",\"argv\":[1]}]}",
                "1:27: error: 'rc[0].argv[0]' must be a string or {\"base64\": \"...\"}"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\",\"argv\":[{\"base64\":\"YQA=\"}]}]}",
                "1:27: error: 'rc[0].argv[0]' must be without NUL bytes"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\",\"argv\":[{\"base64\":\"YQ=\"}]}]}",
                "1:27: error: 'rc[0].argv[0]' must be a string or {\"base64\": \"...\"}"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\",\"runmode\":\"x\"}]}",
                "1:29: error: 'rc[0].runmode' must be \"&\" (in the background), "
                    + "\"|\" (a pipe into the next) or \"\""
            ),
            (
                "{\"rc\":[{\"bin\":\"a\",\"runmode\":\"|\"}]}",
                "1:29: error: 'rc[0].runmode' is \"|\", but no program follows to read from the pipe"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\",\"workdir\":\"tmp\"}]}",
                "1:29: error: 'rc[0].workdir' must be an absolute path"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\",\"user\":\"4294967295\"}]}",
                "1:26: error: 'rc[0].user' must be NAME, UID, NAME:GROUP or UID:GID"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\",\"user\":\"a:b:c\"}]}",
                "1:26: error: 'rc[0].user' must be NAME, UID, NAME:GROUP or UID:GID"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\",\"restart\":\"no\"}]}",
                "1:29: error: 'rc[0].restart' must be \"never\", \"on-failure\", \"always\" "
                    + "or an object with 'policy'"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\"}],\"cmdline\":\"b\"}",
                "1:21: error: 'rc' and 'cmdline' both say what to run, keep one"
            ),
            ("{\"cmdline\":\"\"}", "1:12: error: 'cmdline' must be a program and its arguments"),
            (
                "{\"cmdline\":\"a 'b\"}",
                "1:12: error: 'cmdline' must be arguments with every quote closed"
            ),
            (
                "{\"arguments\":[\"x\"]}",
                "1:14: error: there is no program that the arguments could be for"
            ),
            (
                "{\"env\":7}",
                "1:8: error: 'env' must be an object, \"NAME=VALUE\" or a list of those"
            ),
            ("{\"env\":\"A\"}", "1:8: error: 'env' must be of the form \"NAME=VALUE\""),
            (
                "{\"env\":[\"A=1\",\"=2\"]}",
                "1:15: error: 'env[1]' must be of the form \"NAME=VALUE\""
            ),
            ("{\"env\":[\"A=1\",\"A=2\"]}", "1:15: error: 'env[1]' gives 'A' a second time"),
            (
                "{\"env\":{\"A=B\":\"1\"}}",
                "1:15: error: 'env.A=B' must be named by a name without '=' and NUL"
            ),
            (
                "{\"env\":{\"A\":[]}}",
                "1:13: error: 'env.A' must be a string, a number, true or false"
            ),
            ("{\"root\":\"readonly\"}", "1:9: error: 'root' must be \"rw\" or \"ro\""),
            ("{\"verify\":false}", "1:11: error: 'verify' must be \"on\" or \"off\""),
            ("{\"on_exit\":\"halt\"}", "1:12: error: 'on_exit' must be \"poweroff\" or \"reboot\""),
            (
                "{\"sources\":[\"dns\"]}",
                "1:13: error: 'sources[0]' must be one of \"seed\", \"ec2\", \"gcp\", \"smbios\", \"fw_cfg\", "
                    + "\"xenstore\" and \"cmdline\""
            ),
            (
                "{\"blk\":{\"source\":\"nbd\",\"path\":\"x\"}}",
                "1:18: error: 'blk.source' must be \"dev\", \"vnd\" or \"etfs\""
            ),
        ])
    func refusal(text: String, expected: String) {
        #expect(making(text) == .failure("rumpconfig.json:" + expected))
    }

    @Test(
        "settings of the machine",
        arguments: [
            (
                "\"sysctl\":{\"a..b\":1}",
                "1:19: error: 'sysctl.a..b' must be named by a name below /proc/sys, such as "
                    + "net.core.somaxconn"
            ),
            (
                "\"sysctl\":{\"../x\":1}",
                "1:19: error: 'sysctl.../x' must be named by a name below /proc/sys, such as "
                    + "net.core.somaxconn"
            ),
            (
                "\"limits\":{\"nfile\":1}",
                "1:12: error: unknown key 'limits.nfile', did you mean 'nofile'?"
            ),
            (
                "\"limits\":{\"nofile\":{\"soft\":2,\"hard\":1}}",
                "1:38: error: 'limits.nofile.hard' must be at least as large as 'soft'"
            ),
            (
                "\"limits\":{\"nofile\":-1}",
                "1:21: error: 'limits.nofile' must be a whole number or \"unlimited\""
            ),
            (
                "\"mounts\":[{\"fstype\":\"tmpfs\",\"mountpoint\":\"/a/../b\"}]",
                "1:43: error: 'mounts[0].mountpoint' must be an absolute path without '..'"
            ),
            ("\"mounts\":[{\"mountpoint\":\"/a\"}]", "1:12: error: 'mounts[0]' has no 'fstype'"),
            (
                "\"files\":{\"etc/motd\":\"x\"}",
                "1:22: error: 'files.etc/motd' must be an absolute path"
            ),
            (
                "\"files\":{\"/a/\":\"x\"}",
                "1:17: error: 'files./a/' must be named by the path of a file"
            ),
            (
                "\"files\":{\"/a\":{\"content\":\"x\",\"mode\":\"0999\"}}",
                "1:38: error: 'files./a.mode' must be an octal string such as \"0640\""
            ),
            (
                "\"files\":{\"/a\":{\"content\":\"x\",\"owner\":\"www:www\"}}",
                "1:39: error: 'files./a.owner' must be \"UID:GID\", two numbers"
            ),
        ])
    func hostSettingRefusal(members: String, expected: String) {
        #expect(making("{\(members)}") == .failure("rumpconfig.json:" + expected))
    }

    @Test("every key, as the steps that follow from it")
    func everyKey() throws {
        let text = """
            {
              "rc": [
                {"bin": "/bin/log", "runmode": "|", "restart": "always"},
                {"bin": "cat", "runmode": "&", "user": "www:33", "workdir": "/srv"},
                {"bin": "nginx", "argv": ["-g", "daemon off;", {"base64": "/w=="}],
                 "env": ["LANG=C"], "restart": "on-failure", "user": 33}
              ],
              "env": {"B": "b c", "A": 1, "C": true},
              "hostname": "web-1.example",
              "net": [{"if": "eth0", "type": "inet", "method": "static", "addr": "10.0.0.2",
                       "mask": "255.255.255.0", "gw": "10.0.0.1", "dns": "10.0.0.3", "mtu": 1400}],
              "root": "ro", "verify": "on", "on_exit": "reboot", "sources": ["cmdline"],
              "sysctl": {"net.core.somaxconn": 1024, "net/ipv4/conf/eth0.1/rp_filter": "0"},
              "limits": {"nofile": {"soft": 1024, "hard": "unlimited"}, "core": 0},
              "mounts": [{"fstype": "tmpfs", "mountpoint": "/scratch", "options": "size=1m"}],
              "files": {"/etc/motd": "hi\\n", "/k": {"content": {"base64": "AAE="}, "mode": "0600",
                        "owner": "5:6"}}
            }
            """
        let effective = try EffectiveConfiguration.making(Bytes(text), file: Bytes("x"))
        let plan = try BootPlan.make(.squashfs, .file, effective.configuration, published: [])
        #expect(
            plan.text.text == """
                attach a loop device to /bake/blob
                set up dm-verity over the loop device, root hash \(GuestManifest.digits)
                mount the root file system from the verity device
                lay a writable layer in memory over it
                switch to the new root
                set the host name to web-1.example
                write 1024 into /proc/sys/net/core/somaxconn
                write 0 into /proc/sys/net/ipv4/conf/eth0.1/rp_filter
                bring up the loopback interface
                mount tmpfs at /scratch as tmpfs with size=1m
                write /etc/motd, 3 bytes, mode 644, owner 0:0
                write /k, 2 bytes, mode 600, owner 5:6
                write /rumpconfig.json
                configure eth0 as 10.0.0.2/24, gateway 10.0.0.1, name server 10.0.0.3, MTU 1400
                make the root read-only
                set the limit nofile to 1024, at most unlimited
                set the limit core to 0, at most 0
                run "B=b c" A=1 C=true /bin/log | (again whenever it ends) cat & (as www:33, in /srv) \
                nginx -g "daemon off;" \u{fffd}; (as 33, with LANG=C, again when it fails)
                sync, unmount and reboot

                """)
    }

    @Test(
        "arguments as parseargs splits them",
        arguments: [
            ("a", ["a"]), ("  a \t b\n", ["a", "b"]), ("a 'b c' \"d e\"", ["a", "b c", "d e"]),
            ("a b\\ c", ["a", "b c"]), ("a x'y z'w", ["a", "xy zw"]), ("a ''", ["a", ""]),
            ("a \"b'c\" 'd\"e'", ["a", "b'c", "d\"e"]), ("a \\\"b\\'", ["a", "\"b'"]),
            ("a \"\\\"\" '\\''", ["a", "\"", "'"]), ("a \\\\", ["a", "\\"]),
        ])
    func parseargs(text: String, expected: [String]) throws {
        #expect(try parseArguments(Bytes(text)).map(\.text) == expected)
    }

    private func making(_ text: String) -> Outcome {
        do {
            _ = try EffectiveConfiguration.making(Bytes(text), file: Bytes("rumpconfig.json"))
            return .success
        } catch {
            return .failure(error.description)
        }
    }

    private enum Outcome: Equatable {
        case success
        case failure(String)
    }
}
