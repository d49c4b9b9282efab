// Senders that write nonsense where copies for an observer are expected, and copies where nobody
// observes, on the loopback platform.
#include <cstring>
#include <functional>
#include <vector>

#include "core/ring/observation.h"
#include "endpoint/receiver_crowd.h"
#include "support/check.h"

namespace busbar::test {
namespace {

// A receiver with one link, whose ring the test writes.
struct ForgedLink : Crowd {
  explicit ForgedLink(bool observes) {
    if (observes) receiver.observe();
    CHECK(attach(link).ok());
  }

  void write(RecordHeader header, std::span<const std::byte> body) {
    header.payload_bytes = static_cast<std::uint32_t>(body.size());
    header.bytes = static_cast<std::uint32_t>(sizeof header + body.size());
    std::byte* place = link.producer->reserve(header.bytes);
    std::memcpy(place, &header, sizeof header);
    if (!body.empty()) std::memcpy(place + sizeof header, body.data(), body.size());
    (void)link.producer->commit(header.bytes);
    link.producer->publish();
  }
  void write(const ObservationHead& head, std::size_t rest = 0,
             RecordKind kind = RecordKind::Observation) {
    std::vector<std::byte> body(sizeof head + rest);
    std::memcpy(body.data(), &head, sizeof head);
    RecordHeader header;
    header.kind = kind;
    write(header, body);
  }
  // The heads of what comes in so many batches.
  std::vector<ObservationHead> read(int batches = 4) {
    std::vector<ObservationHead> heads;
    for (; batches > 0; --batches) {
      link.bell->ring();
      (void)receiver.sleep();
      (void)receiver.collect_bells();
      ReceiveBatch batch{.slab = slab, .messages = messages};
      receiver.receive(batch);
      for (const ReceivedMessage& message : std::span(messages).first(batch.count)) {
        ObservationHead head;
        std::memcpy(static_cast<void*>(&head), slab.data() + message.offset, sizeof head);
        heads.push_back(head);
      }
      receiver.taken(0, {});
    }
    return heads;
  }

  HandMade link;
  std::vector<std::byte> slab = std::vector<std::byte>(64U << 10U);
  std::vector<ReceivedMessage> messages = std::vector<ReceivedMessage>(16);
};

ObservationHead plain() {
  ObservationHead head;
  head.event = ObservationEvent::Sent;
  head.receivers = 2;
  head.named = 1;
  head.payload_bytes = 100;
  head.copied = 4;
  return head;
}
constexpr std::size_t kRest = 8 + 4;

}  // namespace

TEST(observation_that_follows_the_rules_is_taken) {
  ForgedLink scene(true);
  scene.write(plain(), kRest);
  CHECK_EQ(scene.read().size(), 1);
  CHECK(scene.violations.empty());
}

TEST(observation_of_nonsense_ends_its_link) {
  const std::function<void(ObservationHead&)> wrongs[] = {
      [](auto& head) { head.event = ObservationEvent{0}; },
      [](auto& head) { head.event = ObservationEvent::Lost; },
      [](auto& head) { head.event = ObservationEvent{5}; },
      [](auto& head) { head.unicast = 2; },
      [](auto& head) { head.named = 3; },
      [](auto& head) { head.named = 0; },
      [](auto& head) { head.named = head.receivers = 0xFFFFFFFF; },
      [](auto& head) { head.named = head.receivers = kMaxObservedReceivers + 1; },
      [](auto& head) { head.copied = 5; },
      [](auto& head) { head.copied = 0xFFFFFFFF; },
      [](auto& head) { head.payload_bytes = 3; },
      [](auto& head) { head.payload_bytes = ~std::uint64_t{0}; },
      [](auto& head) { head.time_ns = ~std::uint64_t{0}; },
      [](auto& head) { head.lost = ~std::uint64_t{0}; },
      [](auto& head) { head.reason = 3; },
      [](auto& head) { head.event = ObservationEvent::Undelivered; },
      [](auto& head) {
        head.event = ObservationEvent::Undelivered;
        head.reason = 99'999;
      },
  };
  for (const auto& wrong : wrongs) {
    ForgedLink scene(true);
    ObservationHead head = plain();
    wrong(head);
    scene.write(head, kRest);
    CHECK(scene.read().empty());
    CHECK_EQ(scene.violations.size(), 1);
    CHECK_EQ(scene.receiver.link_count(), 0);
  }
}

TEST(observation_with_another_size_than_it_says_ends_its_link) {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{8}, sizeof(ObservationHead) - 1,
        sizeof(ObservationHead) + kRest - 1, sizeof(ObservationHead) + kRest + 1}) {
    ForgedLink scene(true);
    const ObservationHead head = plain();
    std::vector<std::byte> body(sizeof head + kRest + 1);
    std::memcpy(body.data(), &head, sizeof head);
    RecordHeader header;
    header.kind = RecordKind::Observation;
    scene.write(header, std::span(body).first(bytes));
    CHECK(scene.read().empty());
    CHECK_EQ(scene.violations.size(), 1);
  }
}

TEST(observation_with_attachments_or_flags_ends_its_link) {
  const std::function<void(RecordHeader&)> wrongs[] = {
      [](auto& header) { header.object_count = 1; },
      [](auto& header) { header.region_count = 1; },
      [](auto& header) { header.flags = record_flag::kWantsHandled; },
  };
  for (const auto& wrong : wrongs) {
    ForgedLink scene(true);
    const ObservationHead head = plain();
    std::vector<std::byte> body(sizeof head + kRest);
    std::memcpy(body.data(), &head, sizeof head);
    RecordHeader header;
    header.kind = RecordKind::Observation;
    wrong(header);
    scene.write(header, body);
    CHECK(scene.read().empty());
    CHECK_EQ(scene.violations.size(), 1);
  }
}

TEST(observation_ends_the_link_of_a_receiver_that_observes_nothing) {
  ForgedLink scene(false);
  scene.write(plain(), kRest);
  CHECK(scene.read().empty());
  CHECK_EQ(scene.violations.size(), 1);
  ForgedLink borrowing(false);
  borrowing.write(plain(), kRest);
  ReceivedMessage message;
  std::span<const std::byte> payload;
  CHECK(!borrowing.receiver.borrow(message, payload));
  CHECK_EQ(borrowing.violations.size(), 1);
}

TEST(message_ends_the_link_of_an_observer) {
  ForgedLink scene(true);
  scene.write(plain(), kRest, RecordKind::Message);
  CHECK(scene.read().empty());
  CHECK_EQ(scene.violations.size(), 1);
}

TEST(losses_that_a_sender_claims_are_reported_once_and_bounded) {
  ForgedLink scene(true);
  scene.link.producer->set_lost(3);
  auto heads = scene.read();
  REQUIRE_EQ(heads.size(), 1);
  CHECK_EQ(heads[0].event, ObservationEvent::Lost);
  CHECK_EQ(heads[0].lost, 3);
  // Backwards: nothing is lost.
  scene.link.producer->set_lost(1);
  CHECK(scene.read().empty());
  // In a copy: reported before it.
  ObservationHead head = plain();
  head.lost = 5;
  scene.write(head, kRest);
  heads = scene.read();
  REQUIRE_EQ(heads.size(), 2);
  CHECK_EQ(heads[0].lost, 2);
  CHECK_EQ(heads[1].event, ObservationEvent::Sent);
  CHECK_EQ(heads[1].lost, 0);
  CHECK(scene.violations.empty());
  scene.link.producer->set_lost(~std::uint64_t{0});
  CHECK(scene.read().empty());
  CHECK_EQ(scene.violations.size(), 1);
}

}  // namespace busbar::test
