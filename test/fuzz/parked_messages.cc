// Messages that a leaving member hands over.
#include "core/parked_messages.h"

#include "fuzz.h"

FUZZ(bytes) {
  using namespace busbar;
  auto messages = ParkedMessages::decode_all(bytes);
  if (!messages) return;
  Budget budget(1U << 20U);
  ParkedMessages parked(kMaxParkedMessages, 1U << 20U, budget);
  for (ParkedMessage& message : *messages) {
    fuzzing::touch(message.payload);
    fuzzing::touch(message.origin);
    if (parked.has_room(message.payload.size())) parked.park(std::move(message));
  }
  for (const HandOver& portion : parked.take_hand_overs({})) {
    const auto again = ParkedMessages::decode_all(portion.bytes);
    fuzzing::require(again.has_value() && again->size() == portion.messages);
  }
}
