/// What is compared with what: one way to migrate the input.
package struct BenchCase: Codable, Hashable, Sendable {
    package var channels: Int
    package var mode: BenchMode
    /// Bytes per second that all channels together may send; 0 for no limit.
    package var link: Int

    package init(channels: Int, mode: BenchMode, link: Int = 0) {
        self.channels = channels
        self.mode = mode
        self.link = link
    }

    /// For people: links are spoken of in bits, with a thousand in each step.
    package var linkText: String {
        guard link > 0 else { return "no limit" }
        let megabits = Double(link) * 8 / 1e6
        return megabits < 1000 ? "\(Self.text(megabits)) Mbit/s" : "\(Self.text(megabits / 1000)) Gbit/s"
    }

    private static func text(_ number: Double) -> String {
        let rounded = (number * 100).rounded() / 100
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }

    /// What to give to `multifd send`.
    var arguments: [String] {
        ["--multifd-channels", "\(channels)", "--max-bandwidth", "\(link)"] + mode.arguments
    }
}

extension BenchCase: CustomStringConvertible {
    package var description: String {
        "\(channels.counted("channel")), \(mode)" + (link > 0 ? ", \(linkText)" : "")
    }
}
