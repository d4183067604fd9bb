import Synchronization

/// Receives a built-in guest and lets it run on.
package final class WorkloadTarget: MigrationTarget {
    private let state = Mutex(State())

    private struct State {
        var configuration: WorkloadConfiguration?
        var memory: GuestMemory?
        var guest: WorkloadGuest?
    }

    package init() {}

    /// The guest, once its device state has been loaded.
    package var guest: WorkloadGuest? { state.withLock { $0.guest } }

    package func prepare(for incoming: IncomingGuest) throws -> GuestMemory {
        guard !incoming.configuration.isEmpty else { throw WorkloadTargetError.image }
        let configuration: WorkloadConfiguration
        do {
            configuration = try WorkloadConfiguration(parsing: incoming.configuration)
        } catch .noWorkload(let found) {
            throw WorkloadTargetError.notBuiltIn(found)
        } catch {
            throw WorkloadTargetError.unknownWorkload(incoming.configuration, reason: "\(error)")
        }
        let memory = try GuestMemory(
            blocks: incoming.blocks.map { try RAMBlock(name: $0.name, byteCount: $0.size) })
        state.withLock {
            $0.configuration = configuration
            $0.memory = memory
        }
        return memory
    }

    package func load(deviceState: [UInt8]) throws {
        try state.withLock { state in
            guard let configuration = state.configuration, let memory = state.memory else { return }
            state.guest = try WorkloadGuest(configuration: configuration, memory: memory, deviceState: deviceState)
        }
    }

    package func commit() {}

    package func run() throws { try guest?.resume() }

    package func abort() {
        let guest = state.withLock { state in
            defer { state = State() }
            return state.guest
        }
        guest?.shutDown()
    }

    package var progress: GuestProgress? { guest?.progress }
}
