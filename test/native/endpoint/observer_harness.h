// An observer for tests: a TestEndpoint that keeps what it observes.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ring/observation.h"
#include "core/ring/origin.h"
#include "endpoint/endpoint_harness.h"

namespace busbar::test {

struct Seen {
  std::uint64_t from = 0;
  std::uint64_t id = 0;
  Uuid type;
  std::uint16_t format = 0;
  std::uint64_t reply_to = 0;
  ObservationHead head;
  std::vector<std::uint64_t> receivers;
  std::vector<std::byte> payload;
  std::vector<std::byte> metadata;
  // The id of the member in whose name it was sent; 0: the sender's own.
  std::uint64_t origin = 0;
};

struct Wanted {
  // Empty: everything.
  std::string_view match{};
  std::vector<Uuid> types{};
  std::uint64_t payload_bytes = 0;
};

inline std::shared_ptr<const ObserverConditions> conditions_of(Wanted wanted) {
  const std::byte everything[] = {std::byte{0x01}};
  auto match =
      wanted.match.empty() ? SelectorProgram::create(everything).take() : leaf(wanted.match);
  return std::make_shared<const ObserverConditions>(
      ObserverConditions::create(std::move(match), std::move(wanted.types), wanted.payload_bytes)
          .take());
}

class TestObserver {
 public:
  TestObserver(LoopbackWorld& world, std::uint32_t process, Wanted wanted = {})
      : endpoint(world, process, "observer", {.ring_bytes = 64U << 10U},
                 {.observes = conditions_of(std::move(wanted))}) {
    endpoint.on_message = [this](const ReceivedMessage& message, std::span<const std::byte> slab) {
      note(message, slab);
    };
  }

  [[nodiscard]] std::uint64_t lost_in_all() const {
    std::uint64_t sum = 0;
    for (const auto& [from, count] : lost) sum += count;
    return sum;
  }

  std::vector<Seen> seen;
  // By sender.
  std::map<std::uint64_t, std::uint64_t> lost;
  TestEndpoint endpoint;

 private:
  void note(const ReceivedMessage& message, std::span<const std::byte> slab) {
    if (!CHECK(message.header.kind == RecordKind::Observation)) return;
    const auto body = slab.subspan(message.offset, message.payload_bytes);
    Seen one{.from = message.from_id,
             .id = message.header.id,
             .type = message.header.type,
             .format = message.header.format,
             .reply_to = message.reply_to,
             .head = {},
             .receivers = {},
             .payload = {},
             .metadata = {}};
    std::memcpy(static_cast<void*>(&one.head), body.data(), sizeof one.head);
    if (one.head.event == ObservationEvent::Lost) {
      lost[one.from] += one.head.lost;
      return;
    }
    CHECK_EQ(one.head.lost, 0);
    one.receivers.resize(one.head.named);
    if (one.head.named != 0)
      std::memcpy(one.receivers.data(), body.data() + sizeof one.head, one.head.named * 8U);
    const auto payload = body.subspan(sizeof one.head + one.head.named * 8U);
    one.payload.assign(payload.begin(), payload.end());
    CHECK_EQ(one.payload.size(), one.head.copied);
    const auto metadata =
        slab.subspan(message.offset + padded(message.payload_bytes), message.metadata_bytes);
    one.metadata.assign(metadata.begin(), metadata.end());
    if (message.origin_bytes != 0) {
      const auto origin = decode_origin(slab.subspan(message.origin_offset, message.origin_bytes));
      if (CHECK(origin.has_value())) one.origin = origin->id;
    }
    seen.push_back(std::move(one));
  }
};

}  // namespace busbar::test
