extension Int {
    /// The whole part of a number, or the nearest Int to one that has no place in it; 0 for what is no number.
    package init(saturating value: Double) {
        self = value.isNaN ? 0 : Int(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    }
}
