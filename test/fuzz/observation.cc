// What a sender writes for an observer: conditions of observers, and observations.
#include <algorithm>
#include <vector>

#include "core/directory/observer_conditions.h"
#include "core/ring/observation.h"
#include "fuzz.h"

FUZZ(bytes) {
  using namespace busbar;
  if (const auto head = read_observation(bytes)) {
    fuzzing::require(head->named <= head->receivers && head->named <= kMaxObservedReceivers);
    fuzzing::require(head->copied <= head->payload_bytes && head->copied <= kMaxObservedBytes);
    fuzzing::require(sizeof *head + head->named * 8U + head->copied == bytes.size());
    fuzzing::require(bytes.size() <= kMaxObservationBytes);
  }
  auto conditions = ObserverConditions::decode(bytes);
  if (!conditions) return;
  const std::vector<std::byte> encoded = conditions.value().encode();
  fuzzing::require(std::ranges::equal(encoded, bytes));
  fuzzing::require(encoded.size() <= kMaxConditionBytes);
}
