import ArgumentParser

extension ValidationError {
    /// Has what a check throws told as wrong usage: in its words, with the parser's hint at the help.
    static func wrapping(_ check: () throws -> Void) throws(ValidationError) {
        do {
            try check()
        } catch {
            throw ValidationError("\(error)")
        }
    }
}
