/// The samples of a migration, and the parameters of the policy that decided on them.
package struct ThrottleRecording: Hashable, Sendable, Codable {
    package var parameters: ThrottleParameters
    package var samples: [PeriodSample]

    package init(parameters: ThrottleParameters, samples: [PeriodSample]) {
        self.parameters = parameters
        self.samples = samples
    }

    /// Throws a `DecodingError`, even when only a number in it cannot have been measured.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        parameters = try container.decode(ThrottleParameters.self, forKey: .parameters)
        samples = try container.decode([PeriodSample].self, forKey: .samples)
        guard samples.allSatisfy(\.isPlausible) else {
            throw DecodingError.dataCorruptedError(
                forKey: .samples, in: container, debugDescription: "a sample that no migration has")
        }
    }

    /// What a policy decides on these samples. What its decisions would have made of the guest is not in them: a policy
    /// that throttles earlier would have seen others.
    package func decisions(of parameters: ThrottleParameters) -> [ThrottleDecision] {
        var controller = ThrottleController(parameters)
        return samples.compactMap { controller.update(with: $0) }
    }
}
