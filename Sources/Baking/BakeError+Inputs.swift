internal import Containers
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

extension BakeError {
    init(_ error: ContainerError) {
        switch error.problem {
        case .tree(let error): self.init(error)
        case .missing, .notAFile, .unreadable: self.init(.missingInput, error.description)
        default: self.init(.malformedInput, error.description)
        }
    }
}
