internal import Programs
internal import Trees

extension BakeError {
    init(_ error: ProgramError) {
        switch error {
        case .tree(let error): self.init(error)
        case .notFound, .unknownProgram, .missing:
            self.init(.missingInput, error.description, hint: error.hint)
        case .tooManyLinks, .damaged, .tooManyInterpreters:
            self.init(.malformedInput, error.description, hint: error.hint)
        }
    }
}
