/// The destination's answer to ``SessionSetup``: it has room, and these features it grants.
package struct SessionReady: Equatable, Sendable {
    package var features: SessionFeatures

    package init(features: SessionFeatures) { self.features = features }

    package func encode(into writer: inout MessageWriter) { writer.append(features.rawValue) }

    package init(decoding reader: inout MessageReader) throws(WireError) {
        features = SessionFeatures(rawValue: try reader.integer())
    }
}
