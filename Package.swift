// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "swift-multifd",
    products: [
        .library(name: "Multifd", targets: ["Multifd"]),
        .library(name: "MultifdQEMU", targets: ["MultifdQEMU"]),
        .executable(name: "multifd", targets: ["MultifdCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/onevcat/Rainbow", from: "4.2.2"),
        .package(url: "https://github.com/ordo-one/TextTable", from: "0.0.2"),
    ],
    targets: [
        .target(
            name: "Multifd",
            dependencies: [
                "CLinux", "CPage", "CZstd", "CZlib", "CISAL", "CXXHash",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "MultifdQEMU",
            dependencies: [
                "CLinux", "Multifd",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .executableTarget(
            name: "MultifdCLI",
            dependencies: [
                "Multifd", "MultifdQEMU", "MultifdSimulator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Rainbow", package: "Rainbow"),
                .product(name: "TextTable", package: "TextTable"),
            ]),
        .target(name: "MultifdSimulator", dependencies: ["Multifd"]),
        .target(name: "CLinux"),
        .target(name: "CPage"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .target(name: "TestProcesses", path: "Tests/TestProcesses"),
        .testTarget(
            name: "MultifdTests",
            dependencies: [
                "Multifd", "TestProcesses", "CZstd", "CZlib", .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "MultifdQEMUTests",
            dependencies: [
                "Multifd", "MultifdQEMU", "TestProcesses", .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "MultifdCLITests", dependencies: ["Multifd", "MultifdCLI", "MultifdQEMU", "TestProcesses"]),
        .testTarget(name: "MultifdSimulatorTests", dependencies: ["Multifd", "MultifdSimulator"]),
        // What the README shows: it compiles with what is public, or not at all.
        .testTarget(name: "OwnMachineTests", dependencies: ["Multifd"], packageAccess: false),
    ],
    swiftLanguageModes: [.v6]
)

let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Owners that hand out spans need @_lifetime.
    .enableExperimentalFeature("Lifetimes"),
]
for target in package.targets where target.type != .system && !target.name.hasPrefix("C") {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
