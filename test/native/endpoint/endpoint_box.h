// Whole endpoints on the loopback platform, driven by the test: shows each message at its final
// reader, whatever hostile clients sent to the controller in between.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/endpoint/endpoint.h"
#include "core/ring/origin.h"
#include "membership/membership_harness.h"
#include "support/raw_control_client.h"

namespace busbar::test {

struct GotMessage {
  std::uint64_t from_id = 0;
  std::size_t bytes = 0;
  std::optional<Origin> origin;
};

// One endpoint, with all its messages and notices.
class BoxedEndpoint {
 public:
  BoxedEndpoint(Platform& its_platform, std::string_view label, const JoinOptions& limits)
      : platform(its_platform), regions(its_platform), slab_(64U << 10U) {
    EndpointOptions options;
    options.membership.identifier = "test.bus";
    options.membership.label = label_of(label);
    options.join = limits;
    options.regions = &regions;
    endpoint = Endpoint::create(platform, std::move(options)).take();
    endpoint->start_without_thread();
  }

  void step() {
    if (!closed) (void)endpoint->serve();
    for (Notice& notice : endpoint->take_notices()) {
      closed = closed || std::holds_alternative<ClosedNotice>(notice);
      if (const auto* done = std::get_if<ClosedNotice>(&notice)) abandoned = done->abandoned;
      violations += std::holds_alternative<ViolationNotice>(notice) ? 1 : 0;
      undelivered += std::holds_alternative<UndeliveredNotice>(notice) ? 1 : 0;
    }
    if (closed) return;
    (void)endpoint->collect_bells();
    ReceiveBatch batch{.slab = slab_, .messages = messages_};
    endpoint->receive(batch);
    for (const ReceivedMessage& message : std::span(messages_).first(batch.count)) {
      const auto origin =
          std::span<const std::byte>(slab_).subspan(message.origin_offset, message.origin_bytes);
      take(message, origin);
    }
    if (batch.large_bytes != 0) {
      std::vector<std::byte> payload(batch.large_bytes);
      ReceivedMessage message;
      if (endpoint->receive_large(payload, message)) take(message, endpoint->last_origin());
    }
    (void)endpoint->sleep();
  }

  [[nodiscard]] SendOutcome send(std::uint32_t route, std::size_t bytes, std::uint64_t ttl_ms) {
    const std::vector<std::byte> payload(bytes);
    SendRequest request;
    request.route = route;
    request.payload = payload;
    request.ttl_ms = ttl_ms;
    const SendOutcome outcome = endpoint->send(request);
    endpoint->flush_bells();
    return outcome;
  }

  Platform& platform;
  RegionTable regions;
  std::unique_ptr<Endpoint> endpoint;
  std::vector<GotMessage> got;
  std::size_t violations = 0;
  std::size_t undelivered = 0;
  bool closed = false;
  std::uint64_t abandoned = 0;

 private:
  void take(const ReceivedMessage& message, std::span<const std::byte> origin) {
    got.push_back({message.from_id, message.payload_bytes,
                   message.origin_bytes == 0 ? std::nullopt : decode_origin(origin)});
    // Every origin that is passed on must decode.
    CHECK(message.origin_bytes == 0 || got.back().origin.has_value());
  }

  std::vector<std::byte> slab_;
  std::array<ReceivedMessage, 64> messages_;
};

// A bus of such endpoints, and raw clients that send anything.
class EndpointBox {
 public:
  BoxedEndpoint& join(std::string_view label, const JoinOptions& limits = {}) {
    const std::uint32_t pid = next_pid_++;
    endpoints_.push_back(std::make_unique<BoxedEndpoint>(world.start_process(pid), label, limits));
    run(20);
    return *endpoints_.back();
  }

  // Gives every endpoint `turns` turns, a tenth of a millisecond each.
  void run(int turns) {
    for (int turn = 0; turn < turns; ++turn) {
      for (const auto& each : endpoints_) each->step();
      world.advance(std::chrono::microseconds(100));
    }
  }
  template <typename Done>
  bool run_until(Done done, int turns = 20000) {
    for (; turns > 0 && !done(); --turns) run(1);
    return done();
  }

  // A member whose frames the test writes.
  struct Raw {
    std::unique_ptr<RawControlClient> client;
    Platform* platform = nullptr;
    Origin self;
  };
  Raw join_raw() {
    Raw raw;
    const std::uint32_t pid = next_pid_++;
    raw.platform = &world.start_process(pid);
    raw.client = std::make_unique<RawControlClient>(*raw.platform);
    raw.client->hello();
    run(2);
    CHECK(raw.client->challenged());
    AnnounceFrame announce = raw.client->announcement(pid);
    announce.controller_affinity = false;
    announce.label = label_of("raw");
    raw.client->send(announce);
    run(2);
    const auto welcome = raw.client->receive<WelcomeFrame>();
    if (CHECK(welcome.has_value())) raw.self = {welcome->id, pid, announce.label};
    return raw;
  }

  LoopbackWorld world{1};

 private:
  std::uint32_t next_pid_ = 100;
  std::vector<std::unique_ptr<BoxedEndpoint>> endpoints_;
};

}  // namespace busbar::test
