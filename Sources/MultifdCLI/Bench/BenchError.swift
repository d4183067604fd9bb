package import SystemPackage

/// Why a benchmark cannot begin, or cannot be believed.
package enum BenchError: Error, Equatable {
    case unknownMode(String)
    case invalidChannels(String)
    case invalidLink(String, reason: String)
    case levelOutOfRange(mode: String, valid: ClosedRange<Int>)
    case emptyList(option: String)
    case emptyEntry(option: String, list: String)
    /// No run of the benchmark succeeded, so there is nothing to compare.
    case allFailed(reason: String)
    case someFailed(count: Int, first: String)
    /// By ^C or SIGTERM.
    case interrupted
    /// A RAMBlock of a snapshot was not sent by itself.
    case blockFailed(name: String, mode: String, reason: String)
    /// The file that a matrix is to go on with was made by another one.
    case otherMatrix(path: String, setting: String, found: String, expected: String)
    /// Deltas are asked for of what never changes.
    case deltasWithoutWrites(input: String)
    /// A size for the cache, and nothing that uses it.
    case cacheWithoutDeltas
    /// Document and rows are to go to one file.
    case sameFile(path: String)
    /// What the processes say on standard error cannot be kept.
    case temporaryFile(path: String, Errno)
}

extension BenchError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    package var description: String {
        switch self {
        case .unknownMode(let text):
            "'\(text)' in --modes is no mode: give none, zlib, zstd, auto, with a level such as zstd:3, with +deltas behind"
        case .invalidChannels(let text):
            "'\(text)' in --channels is no number of channels: give numbers from 1 to 255 with commas between them"
        case .invalidLink(let text, let reason): "'\(text)' in --link is no speed of a link: \(reason)"
        case .levelOutOfRange(let mode, let valid):
            "'\(mode)' in --modes has a level out of range: it may be \(valid.lowerBound) to \(valid.upperBound)"
        case .emptyList(let option): "--\(option) is empty: give at least one, or leave it out"
        case .emptyEntry(let option, let list):
            "'\(list)' in --\(option) has nothing between two commas: put one comma between two entries, and none at an end"
        case .allFailed(let reason): "every run failed, the first because \(reason)"
        case .someFailed(let count, let first):
            "\(count.counted("run")) failed, the first \(first)"
        case .interrupted: "the benchmark was interrupted"
        case .blockFailed(let name, let mode, let reason):
            "the RAMBlock '\(name)' could not be sent by itself with \(mode), because \(reason)"
        case .otherMatrix(let path, let setting, let found, let expected):
            "'\(path)' holds runs whose \(setting) was '\(found)' and not '\(expected)': give the file of this matrix, or a "
                + "new one"
        case .deltasWithoutWrites(let input):
            "'\(input)' does not change while it is migrated, so there are no deltas: leave '+deltas' out of --modes"
        case .cacheWithoutDeltas:
            "--xbzrle-cache-size does nothing without deltas: leave it out, or give --modes with '+deltas'"
        case .temporaryFile(let path, let errno):
            "cannot make the temporary file '\(path)': \(errno); let TMPDIR name a directory that can be written to"
        case .sameFile(let path): "--json and --csv both name '\(path)': give each a file of its own"
        }
    }
}
