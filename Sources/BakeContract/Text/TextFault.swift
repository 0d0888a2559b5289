/// What is wrong in a text, and at which byte of it; its reader makes a line and column of that.
struct TextFault: Error {
    var offset: Int
    var problem: ConfigurationProblem

    init(offset: Int, problem: ConfigurationProblem) {
        self.offset = offset
        self.problem = problem
    }

    init(_ fault: JSONFault, at start: Int = 0) {
        self.init(offset: start + fault.offset, problem: .json(fault.problem))
    }

    func located(in text: Bytes, file: Bytes) -> ConfigurationError {
        ConfigurationError(
            file: file, position: JSONText(text).position(of: offset), problem: problem)
    }
}
