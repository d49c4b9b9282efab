// A member of a real bus that follows no protocol once it has joined: it writes its frames and
// memory by hand. It runs in a process of its own; a failure ends that process.
#pragma once

#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/directory/directory_reader.h"
#include "core/link/link_frame.h"
#include "core/ring/ring_producer.h"
#include "membership/membership_harness.h"
#include "support/raw_control_client.h"

namespace busbar::test {

// The sending end of a link, made by hand.
struct HostileLink {
  std::uint64_t id = 0;
  std::unique_ptr<SharedMemory> ring;
  std::unique_ptr<SharedMemory> segment;
  Handle bell;
  std::unique_ptr<Channel> channel;
  std::unique_ptr<RingProducer> producer;

  bool say(const LinkFrame& frame, std::span<const Handle* const> handles = {}) const {
    return channel->send(encode(frame), handles).ok();
  }
};

class HostileMember {
 public:
  explicit HostileMember(std::string identifier) : identifier_(std::move(identifier)) {}

  // Joins as soon as there is a bus.
  void join() {
    patiently([this] {
      client = std::make_unique<RawControlClient>(platform_, "", identifier_);
      return client->connected();
    });
    client->hello();
    patiently([this] { return client->challenged(); });
    instance_ = 0x1000 + static_cast<std::uint64_t>(getpid());
    AnnounceFrame announcement = client->announcement(instance_);
    announcement.controller_affinity = false;
    announcement.label = label_of("hostile");
    client->send(announcement);
    std::optional<WelcomeFrame> welcome;
    patiently([&] {
      welcome = client->receive<WelcomeFrame>();
      return welcome.has_value();
    });
    id = welcome->id;
    auto memory = platform_.adopt_memory(std::move(client->handles[0]), welcome->directory_bytes,
                                         Access::ReadOnly);
    if (!memory) _exit(2);
    directory_ = DirectoryReader::create(memory.take()).take();
  }

  // The id of the member with that label, once there is one.
  std::uint64_t find(std::string_view label) {
    std::uint64_t found = 0;
    patiently([&] {
      (void)directory_->refresh();
      for (const Member& member : directory_->members()) {
        for (const std::string_view string : member.label) {
          if (string == label) found = member.id;
        }
      }
      return found != 0;
    });
    return found;
  }

  HostileLink make_link() {
    HostileLink link;
    link.id = ++links_;
    link.ring = platform_.create_memory(kRingHeaderBytes + kRingBytes, Access::ReadOnly).take();
    link.segment = platform_.create_memory(kConsumerSegmentBytes, Access::ReadWrite).take();
    if (bell_ == nullptr) bell_ = platform_.create_doorbell().take();
    link.bell = bell_->share().take();
    link.producer = std::make_unique<RingProducer>(link.ring->data(), link.segment->data(),
                                                   kRingBytes, link.id);
    return link;
  }
  // Makes a link and introduces it. All links have the same bell.
  HostileLink introduce(std::uint64_t to) {
    HostileLink link = make_link();
    auto pair = platform_.create_channel_pair(0).take();
    link.channel = std::move(pair.mine);
    std::vector<Handle> handles;
    handles.push_back(link.ring->share().take());
    handles.push_back(link.segment->share().take());
    handles.push_back(platform_.duplicate(link.bell).take());
    handles.push_back(std::move(pair.theirs));
    client->send(IntroduceFrame{to, link.id, kRingBytes}, handles);
    return link;
  }
  // Waits until the receiver has attached.
  static void await_attached(HostileLink& link) {
    patiently([&link] {
      const auto datagram = link.channel->receive();
      const auto frame = datagram ? decode_link_frame(datagram.value().bytes) : std::nullopt;
      return frame && frame->kind == LinkFrameKind::Attached;
    });
  }

  // The receiving end of the next link that a member introduces to us: ring, segment, bell,
  // channel.
  std::vector<Handle> next_introduction() {
    patiently([this] { return client->receive<IntroducedFrame>().has_value(); });
    return std::move(client->handles);
  }

  // Repeats `step` until it is true; ends this process after a minute, far more than a busy machine
  // takes.
  template <typename Step>
  static void patiently(Step step) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!step()) {
      if (std::chrono::steady_clock::now() > end) _exit(3);
      ::usleep(200);
    }
  }

  [[nodiscard]] std::uint64_t generation() const noexcept { return directory_->generation(); }
  void ring() const { bell_->ring(); }
  [[nodiscard]] Platform& platform() const noexcept { return platform_; }
  [[nodiscard]] const std::string& identifier() const noexcept { return identifier_; }

  std::unique_ptr<RawControlClient> client;
  std::uint64_t id = 0;

 private:
  static constexpr std::uint64_t kRingBytes = kMinRingBytes;

  Platform& platform_ = native_platform();
  std::string identifier_;
  std::uint64_t instance_ = 0;
  std::unique_ptr<DirectoryReader> directory_;
  std::unique_ptr<Doorbell> bell_;
  std::uint64_t links_ = 0;
};

}  // namespace busbar::test
