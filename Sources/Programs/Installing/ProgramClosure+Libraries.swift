internal import Trees

extension ProgramClosure {
    /// What the loader would load for one program or plugin, and what these open themselves.
    mutating func bringLibraries(
        of elf: ELFFile, _ content: Node.Content, at place: TreePath
    ) throws(TreeError) {
        guard elf.interpreter != nil || elf.strings != nil else { return }
        var load = try ProgramLoad(of: place, content: content, elf: elf, finder: finder)
        var lookedAt = 0
        repeat {
            try load.settle()
            let objects = lookedAt..<load.objects.count
            lookedAt = load.objects.count
            for index in objects { try bringOpened(by: index, &load) }
            try bringNameServices(askedFrom: objects.lowerBound, &load)
        } while lookedAt < load.objects.count
        try bring(load)
        let isPlugin = elf.interpreter == nil
        for library in load.missing {
            if isPlugin, fileNames.contains(library.name) {
                remark(.leftToProgram(name: library.name, plugin: place))
            } else {
                miss(library)
            }
        }
    }

    private mutating func bring(_ load: ProgramLoad) throws(TreeError) {
        for object in load.objects {
            guard let walk = object.walk, let cause = object.cause else { continue }
            add(walk, .needed(by: load.objects[cause].place, how: object.how))
            let directory = ProgramLoad.directory(of: object.path)
            let variants = try finder.variants(of: object.name, in: directory)
            if !load.kind.isMusl, !variants.isEmpty {
                remark(.variantsLeftOut(name: object.name, paths: variants))
            }
            if load.isFoundWithoutLists(object) { continue }
            if let file = load.muslFile {
                add(
                    try PathWalk(file, in: tree),
                    .needed(by: object.place, how: "the loader's directories"))
            } else {
                listed[object.place] = LibraryCache.Library(
                    name: object.name, path: object.path, machine: object.elf.machine)
            }
        }
    }

    /// /etc/ld.so.cache for libraries that nothing else leads to: the loader reads that one and no
    /// ld.so.conf. Not the tree's own, which names every library of that tree.
    mutating func bringLists(mtimeSeconds: Int64) throws(TreeError) {
        guard !has(LibraryCache.path), let first = listed.keys.min() else { return }
        let libraries = listed.keys.sorted().compactMap { listed[$0] }
        for library in libraries where library.machine.names == nil {
            remark(.noCache(name: library.name))
        }
        guard let bytes = LibraryCache.bytes(of: libraries) else { return }
        add(
            .file(bytes, mtimeSeconds: mtimeSeconds), at: LibraryCache.path,
            .needed(by: first, how: "leads the loader there"))
        remark(.cacheMade(libraries: libraries.map(\.path)))
    }

    // MARK: What programs open while they run

    /// Libraries of `.note.dlopen`: what is required must be there, what is recommended comes where
    /// it is there, what is only suggested does not come: it is for installations that have
    /// everything.
    private mutating func bringOpened(by index: Int, _ load: inout ProgramLoad) throws(TreeError) {
        let object = load.objects[index]
        for note in object.elf.dlopens {
            if note.priority == .suggested {
                remark(.suggested(note.sonames, feature: note.feature, by: object.place))
                continue
            }
            let need = ProgramLoad.Need.dlopen(feature: note.feature)
            var isThere = false
            for name in note.sonames where !isThere {
                isThere = try load.load(name, need, for: index).index != nil
            }
            if isThere { continue }
            if note.priority == .required {
                try load.require(note.sonames[0], need, for: index)
            } else {
                remark(.recommendedMissing(note.sonames, feature: note.feature, by: object.place))
            }
        }
    }

    /// Modules of the name service switch, which glibc opens when a program asks for users, groups
    /// or hosts.
    private mutating func bringNameServices(
        askedFrom first: Int, _ load: inout ProgramLoad
    ) throws(TreeError) {
        guard let glibc = load.glibcIndex else { return }
        if nameServices == nil { nameServices = try NameServices(in: tree) }
        guard let nameServices else { return }
        let uses = try load.nameServiceUses(from: first) { object throws(TreeError) in
            try finder.nameServiceFunctions(of: object)
        }
        let builtIn = try finder.servicesBuiltIn(to: load.objects[glibc])
        for use in uses {
            let services = nameServices.services(for: use.database)
            let words = services.map { String(printable: $0) }.joined(separator: " ")
            var brought: [Bytes] = []
            var missing: [Bytes] = []
            for service in services where !builtIn.contains(service) {
                let name = Bytes("libnss_".utf8) + service + Bytes(".so.2".utf8)
                let search = try load.load(
                    name, .nameService("NSS \(use.database): \(words)"), for: glibc,
                    because: use.index)
                if search.index == nil { missing.append(name) } else { brought.append(name) }
            }
            let isNews = databasesSeen.insert(use.database).inserted
            guard isNews, !(brought.isEmpty && missing.isEmpty) else { continue }
            remark(
                .nameServices(
                    database: use.database, function: use.function,
                    by: load.objects[use.index].place, services: services, brought: brought,
                    missing: missing, isConfigured: nameServices.isConfigured))
        }
    }
}

extension LibraryFinder {
    /// Functions of the name service switch that an object takes from the C library.
    func nameServiceFunctions(of object: ProgramLoad.Object) throws(TreeError) -> [Bytes] {
        if let known = functions[object.place] { return known }
        let reading = try object.elf.imports(
            in: object.content, startingWith: NameServices.firstLetters)
        var names: [Bytes] = []
        // A symbol table that makes no sense stops the loader, too: there is nothing to bring.
        if case .names(let all) = reading {
            names = all.filter { !NameServices.databases(askedBy: $0).isEmpty }
        }
        functions[object.place] = names
        return names
    }

    /// Since glibc 2.34 `files` and `dns` are part of the C library (its NEWS).
    func servicesBuiltIn(to glibc: ProgramLoad.Object) throws(TreeError) -> Set<Bytes> {
        if let known = builtInServices[glibc.place] { return known }
        let isNew = try glibc.elf.hasString(Bytes("GLIBC_2.34".utf8), in: glibc.content)
        let services: Set<Bytes> = isNew ? [Bytes("files".utf8), Bytes("dns".utf8)] : []
        builtInServices[glibc.place] = services
        return services
    }
}
