import Multifd

extension Duration {
    /// For people: `12.4 s`, `43 ms`, `0.3 ms`.
    var people: String {
        let milliseconds = milliseconds
        return switch milliseconds {
        case ..<10: "\((milliseconds * 10).rounded() / 10) ms"
        case ..<1000: "\(Int(milliseconds.rounded())) ms"
        default: "\((seconds * 100).rounded() / 100) s"
        }
    }
}
