import Multifd
import MultifdSimulator
import Testing

@Suite struct SimulationTests {
}
