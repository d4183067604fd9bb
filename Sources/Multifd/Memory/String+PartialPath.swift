extension String {
    /// A name beside this path for what is to have it when it is complete, another one each time: what a killed process
    /// left behind must not be in the way, and in a container numbers of processes come again.
    package func newPartialPath() -> String {
        "\(self).partial-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }
}
