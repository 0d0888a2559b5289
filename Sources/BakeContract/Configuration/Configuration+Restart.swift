extension Configuration {
    /// `"never"`, `"on-failure"`, `"always"`, or an object that says how often and how fast.
    static func decodeRestart(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> Program.Restart {
        guard node.value.members != nil else {
            return Program.Restart(
                try decodePolicy(
                    node, "\"never\", \"on-failure\", \"always\" or an object with 'policy'"))
        }
        try node.checkKeys(["delay", "limit", "max_delay", "policy"], "an object", &unknown)
        let policy = try node.required("policy")
        var restart = Program.Restart(
            try decodePolicy(policy, "\"never\", \"on-failure\" or \"always\""))
        if let limit = node["limit"] {
            restart.limit = Int(try limit.integer(1...1_000_000, "a number from 1 to 1000000"))
        }
        let seconds: StaticString = "a number of seconds from 1 to 86400"
        if let delay = node["delay"] {
            restart.delaySeconds = Int(try delay.integer(1...86400, seconds))
            restart.longestDelaySeconds = max(restart.longestDelaySeconds, restart.delaySeconds)
        }
        if let longest = node["max_delay"] {
            restart.longestDelaySeconds = Int(try longest.integer(1...86400, seconds))
            guard restart.longestDelaySeconds >= restart.delaySeconds else {
                throw longest.fault("at least as long as 'delay'")
            }
        }
        return restart
    }

    private static func decodePolicy(
        _ node: JSONNode, _ mustBe: StaticString
    ) throws(ConfigurationFault) -> Program.Restart.Policy {
        if try node.string(mustBe).equals("never") { return .never }
        return try node.choice("always", "on-failure", mustBe) ? .always : .onFailure
    }
}
