/// The device state of a ``WorkloadGuest``: the registers of its vCPUs. All integers are big-endian.
///
/// ```
///  0  u32  magic "MFWG"
///  4  u16  version, 1
///  6  u16  number of vCPUs
///  8  for each vCPU: u64 step count, u64 random state, u64 position
/// ```
struct WorkloadDeviceState {
    var vcpus: [VCPUState]

    static let magic: UInt32 = 0x4D46_5747
    static let version: UInt16 = 1
    private static let headerByteCount = 8
    private static let vcpuByteCount = 24

    static func byteCount(vcpuCount: Int) -> Int { headerByteCount + vcpuCount * vcpuByteCount }

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount(vcpuCount: vcpus.count))
        func append<Value: FixedWidthInteger>(_ value: Value) {
            for shift in stride(from: Value.bitWidth - 8, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
            }
        }
        append(Self.magic)
        append(Self.version)
        append(UInt16(vcpus.count))
        for vcpu in vcpus {
            append(vcpu.stepCount)
            append(vcpu.random.state)
            append(UInt64(vcpu.position))
        }
        return bytes
    }

    /// Decodes what came from a peer, for a guest that executes `programs`. Registers that no run of a program reaches are
    /// refused: a guest restored from them would go on, and be another guest.
    init(decoding bytes: [UInt8], for programs: [WorkloadProgram]) throws(GuestError) {
        let expected = Self.byteCount(vcpuCount: programs.count)
        func integer<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value {
            bytes[offset..<offset + Value.bitWidth / 8].reduce(0) { $0 << 8 | Value($1) }
        }
        guard bytes.count >= Self.headerByteCount else {
            throw .deviceStateSize(expected: expected, found: bytes.count)
        }
        let magic = integer(UInt32.self, at: 0)
        guard magic == Self.magic else { throw .deviceStateMagic(magic) }
        let version = integer(UInt16.self, at: 4)
        guard version == Self.version else { throw .deviceStateVersion(version) }
        let count = Int(integer(UInt16.self, at: 6))
        guard count == programs.count else {
            throw .deviceStateVCPUCount(expected: programs.count, found: count)
        }
        guard bytes.count == expected else {
            throw .deviceStateSize(expected: expected, found: bytes.count)
        }
        vcpus = []
        for (index, program) in programs.enumerated() {
            let offset = Self.headerByteCount + index * Self.vcpuByteCount
            let state = program.state(after: integer(UInt64.self, at: offset))
            guard integer(UInt64.self, at: offset + 8) == state.random.state else {
                throw .deviceStateRegisters(vcpu: index, register: "random state")
            }
            guard integer(UInt64.self, at: offset + 16) == UInt64(state.position) else {
                throw .deviceStateRegisters(vcpu: index, register: "position")
            }
            vcpus.append(state)
        }
    }

    init(vcpus: [VCPUState]) { self.vcpus = vcpus }
}
