import CXXHash

/// XXH3 of bytes that come in pieces: the same number as ``Checksum`` gives for them in one piece.
@safe
package struct StreamingChecksum: ~Copyable {
    // Owned: made in init, freed in deinit, never handed out.
    private let state: OpaquePointer

    package init() {
        // Fails only when a few hundred bytes cannot be had.
        guard let state = unsafe XXH3_createState() else { preconditionFailure("out of memory") }
        unsafe self.state = state
        begin()
    }

    deinit { unsafe XXH3_freeState(state) }

    package mutating func begin() { _ = unsafe XXH3_64bits_reset(state) }

    @unsafe
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        unsafe CXXHash_64bits_update(state, bytes.baseAddress, bytes.count)
    }

    package var value: UInt64 { unsafe XXH3_64bits_digest(state) }
}
