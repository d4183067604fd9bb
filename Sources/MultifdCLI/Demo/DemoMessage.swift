/// What the demo's destination process tells the source process, one a line on its standard output.
enum DemoMessage: Codable {
    /// It waits for a source at this URI.
    case listening(uri: String)
    /// The guest was paused after these steps of each vCPU, and this is its memory's digest.
    case paused(steps: [UInt64], digest: String)
}
