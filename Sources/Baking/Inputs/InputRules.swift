internal import Trees

/// What reading and merging the inputs of a request needs to know.
protocol InputRules {
    var request: BakeRequest { get }
    var ownerRule: OwnerRule { get }
    var modeRules: [ModeRule] { get }
    var conflictRule: ConflictRule { get }
}

extension BakePlan: InputRules {}

/// The inputs alone, where no image is made of them.
struct TreePlan: InputRules {
    let request: BakeRequest
    let ownerRule: OwnerRule
    let modeRules: [ModeRule]
    let conflictRule: ConflictRule

    init(_ request: BakeRequest) throws(BakeError) {
        self.request = request
        ownerRule = try OwnerRule(flag: request.ownerRule)
        modeRules = try BakePlan.modeRules(of: request)
        conflictRule = try BakePlan.conflictRule(of: request)
    }
}
