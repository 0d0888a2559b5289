internal import BakeContract

/// `KEY=VALUE` of `bake run --set` and `bake set`, as on a kernel command line behind `bake.`.
enum SettingFlag {
    /// The settings as one merge patch; the later ones win.
    static func patch(of settings: [String], flag: String) throws(CommandFailure) -> JSONValue {
        var patch = JSONValue.object([])
        for setting in settings {
            let bytes = Bytes(setting.utf8)
            guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")),
                let word = SettingWord(key: Bytes(bytes[..<equals]))
            else {
                throw CommandFailure(.usage, "\(flag) wants KEY=VALUE, not '\(setting)'")
            }
            do throws(JSONFault) {
                patch.add(try word.patch(to: Bytes(bytes[(equals + 1)...])))
            } catch {
                throw CommandFailure(
                    .usage, "the value of '\(setting)' begins like JSON: \(error.problem)")
            }
        }
        return patch
    }

    /// A merge patch that takes keys away.
    static func patch(unsetting keys: [String]) throws(CommandFailure) -> JSONValue {
        var patch = JSONValue.object([])
        for key in keys {
            guard let word = SettingWord(key: Bytes(key.utf8)) else {
                throw CommandFailure(.usage, "--unset wants a key such as env.PORT, not '\(key)'")
            }
            patch.add(word.removal)
        }
        return patch
    }
}

extension JSONValue {
    /// Puts a later merge patch behind this one. Unlike merging, keeps the nulls, which take keys
    /// away.
    mutating func add(_ patch: JSONValue) {
        guard case .object(var members) = self, case .object(let changes) = patch else {
            self = patch
            return
        }
        for change in changes {
            if let index = members.firstIndex(where: { $0.key == change.key }) {
                members[index].value.add(change.value)
            } else {
                members.append(change)
            }
        }
        self = .object(members)
    }
}
