// Whole endpoints for tests: on a LoopbackWorld, driven by one thread, each with its received
// messages and notices.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/endpoint/endpoint.h"
#include "core/region/region_table.h"
#include "membership/membership_harness.h"

namespace busbar::test {

// What a test changes of a membership.
struct TestRole {
  std::shared_ptr<const ObserverConditions> observes{};
  bool observable = true;
  // In place of the process's own, which it forwards to.
  Platform* platform = nullptr;
};

class TestEndpoint {
 public:
  struct Message {
    std::uint64_t id;
    std::vector<std::byte> payload;
    std::size_t regions;
  };

  TestEndpoint(LoopbackWorld& world, std::uint32_t process, std::string_view label,
               JoinOptions limits = {.ring_bytes = 64U << 10U}, TestRole role = {})
      : pid(process),
        platform(role.platform != nullptr ? *role.platform : world.start_process(process)),
        regions(platform),
        slab_(64U << 10U) {
    EndpointOptions options;
    options.membership.identifier = "test.endpoints";
    options.membership.label = label_of(label);
    options.membership.observes = std::move(role.observes);
    options.membership.observable = role.observable;
    options.join = limits;
    options.join.timeout_ms = 3'600'000;
    options.regions = &regions;
    endpoint = Endpoint::create(platform, std::move(options)).take();
    endpoint->start_without_thread();
    endpoint->report_undelivered(true);
  }

  // One turn of the control thread and one of the program.
  void turn() {
    if (closed) return;
    (void)endpoint->serve();
    endpoint->flush_bells();
    (void)endpoint->collect_bells();
    for (Notice& notice : endpoint->take_notices()) {
      closed = closed || std::holds_alternative<ClosedNotice>(notice);
      if (const auto* told = std::get_if<ClosedNotice>(&notice)) abandoned = told->abandoned;
      if (const auto* told = std::get_if<DeliveredNotice>(&notice))
        deliveries.push_back(told->result);
      if (auto* told = std::get_if<UndeliveredNotice>(&notice))
        undelivered.push_back({told->message_id, std::move(told->payload), 0});
      if (const auto* told = std::get_if<PeersNotice>(&notice)) {
        for (const Member& each : told->joined) joined.push_back(each.id);
        for (const Member& each : told->left) left.push_back({each.id, undelivered.size()});
      }
      if (const auto* told = std::get_if<PeerEndedNotice>(&notice))
        ended.push_back({told->peer_id, received.size()});
      violations += std::holds_alternative<ViolationNotice>(notice) ? 1 : 0;
    }
    if (reads) receive();
  }

  SendRequest request_to(std::string_view label, std::span<const std::byte> payload,
                         bool unicast = true) {
    SendRequest request;
    request.route = endpoint->add_route(leaf(label), unicast, true);
    request.payload = payload;
    return request;
  }

  std::uint32_t pid;
  Platform& platform;
  RegionTable regions;
  std::unique_ptr<Endpoint> endpoint;
  // Gets every message, beside `received`.
  std::function<void(const ReceivedMessage&, std::span<const std::byte> slab)> on_message;
  // False: messages stay in the rings.
  bool reads = true;
  // False: it looks for messages without being rung, if their senders run on another processor.
  bool sleeps = true;
  bool closed = false;
  std::uint64_t abandoned = 0;
  std::size_t violations = 0;
  std::vector<Message> received;
  std::vector<Message> undelivered;
  std::vector<DeliveryResult> deliveries;
  // While the test has asked for reports of members.
  std::vector<std::uint64_t> joined;
  struct Departure {
    std::uint64_t id;
    // Messages that were reported as undelivered by then, to whomever.
    std::size_t undelivered;
  };
  std::vector<Departure> left;
  struct End {
    std::uint64_t id;
    // Messages that had been received by then, from whomever.
    std::size_t received;
  };
  std::vector<End> ended;

 private:
  void receive() {
    ReceiveBatch batch{.slab = slab_, .messages = messages_};
    endpoint->receive(batch);
    if (on_message) {
      for (const ReceivedMessage& message : std::span(messages_).first(batch.count))
        on_message(message, slab_);
    }
    for (ReceivedMessage& message : std::span(messages_).first(batch.count))
      note(message, std::span(slab_).subspan(message.offset, message.payload_bytes));
    if (batch.large_bytes != 0) {
      std::vector<std::byte> payload(batch.large_bytes);
      ReceivedMessage message;
      if (endpoint->receive_large(payload, message)) note(message, payload);
    }
    endpoint->taken();
    if (sleeps)
      (void)endpoint->sleep();
    else
      (void)endpoint->spin({});
  }

  void note(ReceivedMessage& message, std::span<const std::byte> payload) {
    received.push_back(
        {message.header.id, {payload.begin(), payload.end()}, message.regions.size()});
    if (message.header.flags & record_flag::kWantsHandled)
      endpoint->settle(message.link_slot, message.position);
    message.regions.clear();
    message.objects.clear();
  }

  std::vector<std::byte> slab_;
  std::array<ReceivedMessage, 64> messages_;
};

// Gives all endpoints their turns, round-robin, for this much simulated time: longer than any timer
// of an idle bus.
inline void run(LoopbackWorld& world, std::span<TestEndpoint* const> endpoints,
                milliseconds time = milliseconds(200)) {
  for (milliseconds at(0); at < time; at += milliseconds(5)) {
    world.advance(milliseconds(5));
    for (int round = 0; round < 4; ++round) {
      for (TestEndpoint* each : endpoints) {
        if (world.is_alive(each->pid)) each->turn();
      }
    }
  }
}

}  // namespace busbar::test
