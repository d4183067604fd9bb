/// How to migrate. Names, defaults and ranges are those of QEMU's migration parameters and capabilities where it has
/// them; encoded, they carry its spelling.
public struct MigrationParameters: Hashable, Sendable {
    /// How many channels carry pages, 1...255. Fixed once set up.
    public var multifdChannels = 2
    /// How the channels encode page content. Fixed once set up.
    public var multifdCompression = MultifdCompression.none
    /// 0 (stored) to 9 (smallest). Fixed once set up.
    public var multifdZlibLevel = 1
    /// -7 (fastest) to 20 (smallest); 0 is the library's own default. Toward a QEMU peer 0...20. Fixed once set up.
    public var multifdZstdLevel = 1
    /// Who looks for zero pages.
    public var zeroPageDetection = ZeroPageDetection.multifd
    /// Bytes per second over all channels; 0 for no limit. QEMU's default is 128 MiB/s, ours is no limit.
    public var maxBandwidth = 0
    /// Bytes per second to count on when the guest is paused; 0 to estimate them from what was achieved lately.
    public var availSwitchoverBandwidth = 0
    /// How long the guest may be paused, 0...2,000 s. It is paused in any case once it has nothing left to send.
    public var downtimeLimit: Duration = .milliseconds(300)
    /// How long to try before giving up and leaving the guest where it is, at most 1,000,000,000 s; zero is no limit. Ours.
    public var timeout: Duration = .zero
    /// Hash all of the guest's memory at both ends, and compare before the guest is handed over. Most of it is hashed while
    /// the guest runs; the downtime grows by what it takes to hash the last pages with their surroundings, pieces of 256
    /// KiB. Fixed once set up. Ours.
    public var verifyMemory = false
    /// Send pages that were sent before as deltas. Fixed once set up.
    public var xbzrle = false
    /// Bytes of page content that deltas are made against, a power of two of at least a page.
    public var xbzrleCacheSize = 64 << 20
    /// Slow the guest down when it dirties pages faster than they are sent. Fixed once set up.
    public var autoConverge = false
    /// How auto-converge slows the guest. Its thresholds and steps may change while a migration runs.
    public var throttle = ThrottleParameters()
    /// Hold each vCPU that dirties more than this to it, in MiB/s, 1...1,048,576, and leave the others alone; nil for no
    /// limit. The alternative to ``autoConverge``. Fixed once set up.
    public var vcpuDirtyLimit: Int?
    /// How often the dirty limit looks, 1...1000 ms. Fixed once set up.
    public var vcpuDirtyLimitPeriod: Duration = .milliseconds(1000)

    /// The defaults.
    public init() {}

    /// The level of the compression that is chosen.
    package var level: Int {
        get {
            switch multifdCompression {
            case .none, .auto: 0
            case .zlib: multifdZlibLevel
            case .zstd: multifdZstdLevel
            }
        }
        set {
            switch multifdCompression {
            case .none, .auto: break
            case .zlib: multifdZlibLevel = newValue
            case .zstd: multifdZstdLevel = newValue
            }
        }
    }
}
