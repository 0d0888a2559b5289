internal import Trees

/// The name service switch: which functions of glibc ask which databases, and who answers
/// (nsswitch.conf(5)).
struct NameServices {
    /// Services by database.
    private let services: [Bytes: [Bytes]]
    /// Whether there was a file that says so.
    let isConfigured: Bool

    static let path = Bytes("/etc/nsswitch.conf".utf8)

    init(in tree: any ProgramTree) throws(TreeError) {
        let text = try tree.text(at: Self.path)
        isConfigured = text != nil
        var services: [Bytes: [Bytes]] = [:]
        for line in (text ?? []).settingLines {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let database = Bytes(line[..<colon].filter { !$0.isBlank })
            services[database] = Self.services(in: line[(colon + 1)...])
        }
        self.services = services
    }

    /// Names without the actions, which stand in brackets.
    private static func services(in text: ArraySlice<UInt8>) -> [Bytes] {
        var isAction = false
        var plain = Bytes()
        for byte in text {
            if byte == UInt8(ascii: "[") { isAction = true }
            plain.append(isAction ? 0x20 : byte)
            if byte == UInt8(ascii: "]") { isAction = false }
        }
        return plain.split(whereSeparator: \.isBlank).map { Bytes($0) }
            // A service becomes part of a file name.
            .filter { !$0.contains(UInt8(ascii: "/")) }
    }

    /// What nsswitch.conf says, else what glibc does without one (its manual, "NSS Configuration
    /// File").
    func services(for database: String) -> [Bytes] {
        if let configured = services[Bytes(database.utf8)] { return configured }
        switch database {
        case "initgroups": return services(for: "group")
        case "hosts": return [Bytes("files".utf8), Bytes("dns".utf8)]
        default: return [Bytes("files".utf8)]
        }
    }

    /// First letters of the functions, to pass over the others quickly.
    static let firstLetters = Set(functions.keys.compactMap(\.first))

    /// The databases that a function asks; none for other functions.
    static func databases(askedBy function: Bytes) -> [String] { functions[function] ?? [] }

    private static let functions: [Bytes: [String]] = {
        var functions: [Bytes: [String]] = [:]
        func add(_ names: String, _ databases: String...) {
            for name in names.split(separator: " ") {
                functions[Bytes(name.utf8)] = databases
                functions[Bytes("\(name)_r".utf8)] = databases
            }
        }
        add("getpwnam getpwuid getpwent", "passwd")
        add("getgrnam getgrgid getgrent", "group")
        add("initgroups getgrouplist", "initgroups")
        add("getspnam getspent", "shadow")
        add("getsgnam getsgent", "gshadow")
        add("gethostbyname gethostbyname2 gethostbyaddr gethostent", "hosts")
        add("getaddrinfo getaddrinfo_a getnameinfo", "hosts", "services")
        add("getnetbyname getnetbyaddr getnetent", "networks")
        add("getservbyname getservbyport getservent", "services")
        add("getprotobyname getprotobynumber getprotoent", "protocols")
        add("getrpcbyname getrpcbynumber getrpcent", "rpc")
        add("ether_hostton ether_ntohost", "ethers")
        add("innetgr setnetgrent getnetgrent", "netgroup")
        add("getaliasbyname getaliasent", "aliases")
        add("getpublickey getsecretkey", "publickey")
        return functions
    }()
}

/// One database that some file of a program asks.
struct NameServiceUse {
    let database: String
    let function: Bytes
    /// Position in `ProgramLoad.objects`.
    let index: Int
}

extension ProgramLoad {
    static let glibcSoname = Bytes("libc.so.6".utf8)

    /// Where glibc is among the objects.
    var glibcIndex: Int? { objects.firstIndex { $0.elf.soname == Self.glibcSoname } }

    /// Databases asked by objects from `first` on, each once, with the first that asks.
    func nameServiceUses(
        from first: Int, _ functions: (Object) throws(TreeError) -> [Bytes]
    ) throws(TreeError) -> [NameServiceUse] {
        var uses: [NameServiceUse] = []
        var seen: Set<String> = []
        for index in first..<objects.count where objects[index].asksForNames {
            for function in try functions(objects[index]) {
                for database in NameServices.databases(askedBy: function)
                where seen.insert(database).inserted {
                    uses.append(
                        NameServiceUse(database: database, function: function, index: index))
                }
            }
        }
        return uses
    }
}

extension ProgramLoad.Object {
    /// The C library calls itself, whatever the program does; modules answer, and ask only not to
    /// ask themselves.
    fileprivate var asksForNames: Bool {
        elf.soname != ProgramLoad.glibcSoname && !name.starts(with: "libnss_".utf8)
    }
}
