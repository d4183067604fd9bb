import Foundation
import MultifdCLI
import SystemPackage
import Testing

@Suite struct ReportFileTests {
    @Test func `a report takes the place of the one before, with its permissions`() throws {
        let directory = try TemporaryDirectory()
        let file = ReportFile(directory.path("report"))
        try file.check()
        try file.replace(with: "first, and longer")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: directory.path("report"))
        try file.replace(with: "second")
        #expect(try directory.contents("report") == Data("second".utf8))
        #expect(try directory.names == ["report"])
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path("report"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `what cannot be written is told with its path and the reason`() throws {
        let directory = try TemporaryDirectory()
        let file = ReportFile(directory.path("gone/report"))
        let error = ReportFileError.unwritable(path: file.path, .noSuchFileOrDirectory)
        #expect(throws: error) { try file.check() }
        #expect(throws: error) { try file.replace(with: "text") }
        #expect("\(error)" == "cannot write the file '\(file.path)': No such file or directory")
        #expect(throws: ReportFileError.unwritable(path: FilePath(directory.path("")), .isDirectory)) {
            try ReportFile(directory.path("")).check()
        }
        #expect(throws: ReportFileError.unwritable(path: "/dev/full", .noSpace)) {
            try ReportFile("/dev/full").replace(with: "text")
        }
    }

    @Test func `a device stays what it is`() throws {
        let null = ReportFile("/dev/null")
        try null.check()
        try null.replace(with: "text")
        #expect(
            try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType != .typeRegular)
    }
}
