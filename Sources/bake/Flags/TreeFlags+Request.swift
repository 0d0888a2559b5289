internal import BakeContract
internal import Baking
internal import Glibc

extension TreeFlags {
    /// What bake.json and the flags say together, the flags last.
    func request() throws(CommandFailure) -> BakeRequest {
        let fileName = fileName
        var request = BakeRequest()
        if let fileName {
            do {
                request = try BakeRequest(file: fileName)
            } catch {
                throw CommandFailure(error)
            }
        }
        try apply(to: &request)
        guard request.hasTree else {
            let file =
                fileName.map { "'\($0)' names none" } ?? "there is no \(BakeRequest.fileName)"
            throw CommandFailure(
                .usage, "no tree was given, and \(file)",
                hint: "bake -R TREE -o IMAGE; see bake build --help")
        }
        return request
    }

    /// Adds what was typed: lists grow, everything else is replaced.
    func apply(to request: inout BakeRequest) throws(CommandFailure) {
        request.trees += try parsedTrees()
        request.packages.names += try FlagText.check(package, .package, flag: "--package")
        request.packages.suite = suite ?? request.packages.suite
        request.packages.mirror = mirror ?? request.packages.mirror
        request.packages.variant =
            try FlagText.check(variant, .variant, flag: "--variant") ?? request.packages.variant
        request.packages.isRefreshed = refreshPackages
        request.hostPrograms.paths += try FlagText.check(install, .something, flag: "--install")
        request.hostPrograms.sysroot = sysroot ?? request.hostPrograms.sysroot
        request.nodes += try FlagText.check(node, .node, flag: "--node")
        request.edits += try FlagText.check(edit, .something, flag: "--edit")
        request.excludes += try FlagText.check(exclude, .pattern, flag: "--exclude")
        request.modeRules += try FlagText.check(chmod, .modeRule, flag: "--chmod")
        request.ownerRule =
            try FlagText.check(owner, .owner, flag: "--owner") ?? request.ownerRule
        request.conflictRule =
            try FlagText.check(onConflict, .conflictRule, flag: "--on-conflict")
            ?? request.conflictRule
        request.allowsMissing = allowMissing ?? request.allowsMissing
        request.allowsChanging = allowChanging ?? request.allowsChanging
        request.dropsAccessControlLists = dropAcl ?? request.dropsAccessControlLists
        request.staysOnFileSystem = oneFileSystem ?? request.staysOnFileSystem
        request.isStrict = strict ?? request.isStrict
        request.takesImageConfiguration = imageConfig ?? request.takesImageConfiguration
        if omitsDefaultEtc { request.defaultEtc = .none }
        if let defaultEtc { request.defaultEtc = .directory(defaultEtc) }
    }

    /// The file that was named, else ./bake.json where no tree was typed; nil when there is none.
    private var fileName: String? {
        if let file { return file }
        let namesTree = !(trees.isEmpty && package.isEmpty && install.isEmpty)
        let isThere = !namesTree && access(BakeRequest.fileName, F_OK) == 0
        return isThere ? BakeRequest.fileName : nil
    }

    private func parsedTrees() throws(CommandFailure) -> [BakeRequest.Tree] {
        var parsed: [BakeRequest.Tree] = []
        for argument in trees {
            guard let tree = BakeRequest.Tree(argument: argument), !tree.source.isEmpty else {
                throw CommandFailure(
                    .usage, "-R '\(argument)' is not [strip=N:]TREE[:/TARGET]",
                    hint: "TARGET is a directory of the image, without '.' and '..'")
            }
            parsed.append(tree)
        }
        return parsed
    }
}

/// Flags whose text has a form, held to it before anything is opened.
enum FlagText {
    static func check(
        _ texts: [String], _ rule: RequestText, flag: String
    ) throws(CommandFailure) -> [String] {
        for text in texts {
            if let flaw = rule.flaw(of: text) { throw CommandFailure(.usage, "\(flag): \(flaw)") }
        }
        return texts
    }

    static func check(
        _ text: String?, _ rule: RequestText, flag: String
    ) throws(CommandFailure) -> String? {
        try check(text.map { [$0] } ?? [], rule, flag: flag).first
    }
}
