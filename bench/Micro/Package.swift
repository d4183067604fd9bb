// swift-tools-version: 6.2
import PackageDescription

// The loops are not public: these benchmarks are compiled as a part of the package that they measure, which SwiftPM names
// after its directory.
let root = Context.packageDirectory.split(separator: "/").dropLast(2).last.map(String.init) ?? ""
let packageName = root.lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()

let package = Package(
    name: "Micro",
    platforms: [.macOS(.v14)],
    dependencies: [
        .package(name: "swift-multifd", path: "../.."),
        // Without traits: its allocation counters would need jemalloc.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CReference", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev", "zlib1g-dev"])]),
        .executableTarget(
            name: "HotLoops",
            dependencies: [
                "CReference",
                .product(name: "Multifd", package: "swift-multifd"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/HotLoops",
            packageAccess: false,
            swiftSettings: [.unsafeFlags(["-package-name", packageName])],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ],
    swiftLanguageModes: [.v6]
)
