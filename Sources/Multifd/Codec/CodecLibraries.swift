import CISAL
import CZlib
import CZstd

/// The libraries that do the encoding, for whoever reports what it took.
package enum CodecLibraries {
    /// Each library's version as it says itself, by the library's name.
    package static var versions: [String: String] {
        // String constants of the libraries.
        unsafe [
            "zstd": ZSTD_versionString().map { unsafe String(cString: $0) },
            "zlib": zlibVersion().map { unsafe String(cString: $0) },
            "isa-l": "\(ISAL_MAJOR_VERSION).\(ISAL_MINOR_VERSION).\(ISAL_PATCH_VERSION)",
        ].compactMapValues(\.self)
    }
}
