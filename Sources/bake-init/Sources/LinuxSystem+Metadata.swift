import BakeContract

extension LinuxSystem {
    /// The network is brought up for the questions alone, and taken down again: what the answers say
    /// may be another one.
    func askMetadata(
        _ questions: [MetadataQuestion], over interfaces: [NetworkInterface], hostname: Bytes?
    ) throws(GuestFailure) -> [Bytes?] {
        let keeper: NetworkKeeper
        do {
            keeper = try bringUp(NetworkRequest(entries: interfaces, hostname: hostname))
        } catch {
            for question in questions { try giveUp(question, .network(error)) }
            return questions.map { _ in nil }
        }
        var answers: [Bytes?] = []
        for question in questions {
            var answer: Bytes?
            do throws(SourceError) {
                answer = try MetadataServer().fetch(
                    question.service, within: question.request.timeoutSeconds)
            } catch {
                try giveUp(question, error)
            }
            answers.append(answer)
        }
        do {
            try keeper.takeDown()
        } catch {
            throw .network(error)
        }
        return answers
    }

    private func giveUp(
        _ question: MetadataQuestion, _ error: SourceError
    ) throws(GuestFailure) {
        let failure = GuestFailure.source(question.source, error)
        if question.request.isRequired { throw failure }
        say("bake: warning: \(failure.text)".bytes)
    }
}
