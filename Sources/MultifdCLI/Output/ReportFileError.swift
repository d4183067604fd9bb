package import SystemPackage

/// Why a report is in no file.
package enum ReportFileError: Error, Equatable {
    case unwritable(path: FilePath, Errno)
}

extension ReportFileError: CustomStringConvertible {
    /// A sentence with what was found.
    package var description: String {
        switch self {
        case .unwritable(let path, let error): "cannot write the file '\(path)': \(error)"
        }
    }
}
