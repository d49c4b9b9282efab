// A C++ program on an endpoint: one thread that sends and receives, without an event loop.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/endpoint/endpoint.h"
#include "core/region/region_bundle.h"
#include "core/region/region_table.h"
#include "membership/membership_harness.h"

namespace busbar::test {

class EndpointProgram {
 public:
  using OnMessage = std::function<void(const ReceivedMessage&, std::span<const std::byte>)>;

  EndpointProgram(Platform& platform, std::string identifier, std::string_view label,
                  bool may_be_controller = true, JoinOptions limits = {.ring_bytes = 64U << 10U})
      : regions(platform), slab_(256U << 10U) {
    EndpointOptions options;
    options.membership.identifier = std::move(identifier);
    options.membership.label = label_of(label);
    options.membership.controller_affinity = may_be_controller;
    options.join = limits;
    options.regions = &regions;
    auto created = Endpoint::create(platform, std::move(options));
    error = created.error();
    if (!created) return;
    endpoint = created.take();
    error = endpoint->start();
  }

  // One turn: waits for at most `timeout_ms`, then takes all messages. False when it is closed.
  bool turn(int timeout_ms) {
    if (endpoint->sleep()) endpoint->bells().wait(timeout_ms);
    (void)endpoint->collect_bells();
    for (Notice& notice : endpoint->take_notices()) {
      if (const auto* refused = std::get_if<RefusedNotice>(&notice)) error = refused->error;
      joined = joined || std::holds_alternative<JoinedNotice>(notice);
      closed = closed || std::holds_alternative<ClosedNotice>(notice);
      violations += std::holds_alternative<ViolationNotice>(notice) ? 1 : 0;
      if (const auto* link = std::get_if<LinkClosedNotice>(&notice)) gone_.push_back(link->slot);
    }
    ReceiveBatch batch{.slab = slab_, .messages = messages_};
    endpoint->receive(batch);
    for (ReceivedMessage& message : std::span(messages_).first(batch.count)) {
      ++received;
      if (on_message)
        on_message(message, std::span(slab_).subspan(message.offset, message.payload_bytes));
      message.objects.clear();
      message.regions.clear();
    }
    if (batch.large_bytes != 0) {
      std::vector<std::byte> payload(batch.large_bytes);
      ReceivedMessage message;
      if (endpoint->receive_large(payload, message)) {
        ++received;
        if (on_message) on_message(message, payload);
      }
    }
    endpoint->taken();
    for (const std::uint32_t slot : std::exchange(gone_, {})) endpoint->forget_peer(slot);
    return !closed;
  }

  // Takes turns until `done`; false when `most` has passed, which only ends a broken build and
  // measures nothing.
  bool turn_until(const std::function<bool()>& done,
                  std::chrono::seconds most = std::chrono::seconds(30)) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      (void)turn(10);
    }
    return true;
  }

  bool join() {
    return error.ok() && turn_until([this] { return joined || !error.ok(); }) && error.ok();
  }

  void close() {
    endpoint->close(std::chrono::milliseconds(0));
    (void)turn_until([this] { return closed; });
    endpoint->join_thread();
  }

  // A route to the endpoints with this label.
  std::uint32_t route(std::string_view label, bool unicast) {
    return endpoint->add_route(leaf(label), unicast, true);
  }

  RegionTable regions;
  Error error;
  bool joined = false;
  bool closed = false;
  std::size_t received = 0;
  std::size_t violations = 0;
  OnMessage on_message;
  std::unique_ptr<Endpoint> endpoint;

 private:
  std::vector<std::byte> slab_;
  std::array<ReceivedMessage, 64> messages_;
  std::vector<std::uint32_t> gone_;
};

}  // namespace busbar::test
