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

    @Test(arguments: ["report", ""]) func `a link stays, and what it names is replaced`(before: String) throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path("folder"), withIntermediateDirectories: true)
        if !before.isEmpty { try Data(before.utf8).write(to: URL(filePath: directory.path("folder/report"))) }
        for (link, target) in [("near", "folder/far"), ("folder/far", directory.path("folder/report"))] {
            try FileManager.default.createSymbolicLink(atPath: directory.path(link), withDestinationPath: target)
        }
        let file = ReportFile(directory.path("near"))
        try file.check()
        try file.replace(with: "text")
        #expect(try directory.contents("folder/report") == Data("text".utf8))
        #expect(try directory.names == ["folder", "near"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: directory.path("near")) == "folder/far")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path("folder")).sorted() == ["far", "report"])
    }

    /// As /dev/stdout is a link to /proc/self/fd/1, which the one of a test must not be touched for.
    @Test func `what a process has open is written to, and not a file of the name that it had`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("report")
        let open = try FileDescriptor.open(FilePath(path), .writeOnly, options: .create, permissions: .ownerReadWrite)
        defer { try? open.close() }
        let link = directory.path("link")
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: "/proc/self/fd/\(open.rawValue)")
        try FileManager.default.moveItem(atPath: path, toPath: directory.path("moved"))
        let file = ReportFile(link)
        try file.check()
        #expect(!file.isReplaceable)
        try file.replace(with: "one, ")
        try file.replace(with: "two")
        #expect(try directory.contents("moved") == Data("one, two".utf8))
        #expect(try directory.names == ["link", "moved"])
    }

    @Test func `a file is known by whatever path and link leads to it`() throws {
        let directory = try TemporaryDirectory()
        let folder = directory.path("folder")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (link, target) in [("link", "folder/report"), ("other", "folder")] {
            try FileManager.default.createSymbolicLink(atPath: directory.path(link), withDestinationPath: target)
        }
        let report = ReportFile("\(folder)/report")
        let here = FileManager.default.currentDirectoryPath.split(separator: "/").map { _ in "../" }.joined()
        for path in [
            "\(folder)/./report", directory.path("link"), directory.path("other/report"), here + "\(folder)/report",
        ] {
            #expect(ReportFile(path).isSame(as: report), "\(path)")
        }
        for path in [directory.path("report"), "\(folder)/report2", "report"] {
            #expect(!ReportFile(path).isSame(as: report), "\(path)")
        }
    }
}
