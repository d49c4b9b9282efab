// A platform on top of another one that makes one call, or several in a row, fail: shows what
// happens when the system has no descriptor, memory or thread left for a while.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "support/forwarding_platform.h"

namespace busbar::test {

class FaultyPlatform final : public ForwardingPlatform {
 public:
  explicit FaultyPlatform(Platform& inner) noexcept : ForwardingPlatform(inner) {}

  // Makes `count` calls from number `call` on (the first is 0) fail with `status`.
  void fail(std::uint64_t call, Status status, std::uint64_t count = 1) {
    target_ = call;
    count_ = count;
    status_ = status;
    calls_ = 0;
    failed_ = nullptr;
  }
  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
  // The name of the last call that failed; nullptr when none did.
  [[nodiscard]] const char* failed() const noexcept { return failed_; }

  // Returns a failure for a call that must fail, else Ok. Any thread.
  [[nodiscard]] Error trip(const char* name) noexcept {
    const std::uint64_t call = calls_++;
    if (call < target_ || call - target_ >= count_) return {};
    failed_ = name;
    return {status_};
  }

  [[nodiscard]] Result<std::unique_ptr<Rendezvous>> open_rendezvous(
      std::string_view identifier) override;
  [[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_memory(std::size_t bytes,
                                                                    Access peers) override;
  [[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_memory(Handle handle, std::size_t bytes,
                                                                   Access access) override;
  [[nodiscard]] Result<std::unique_ptr<Doorbell>> create_doorbell() override;
  [[nodiscard]] Result<std::unique_ptr<DoorbellSet>> create_doorbell_set() override;
  [[nodiscard]] Result<ChannelPair> create_channel_pair(std::uint32_t receiver) override;
  [[nodiscard]] Result<std::unique_ptr<Channel>> adopt_channel(Handle handle) override;
  [[nodiscard]] Result<Handle> duplicate(const Handle& handle) override;
  [[nodiscard]] Result<Handle> adopt(std::intptr_t raw) override;
  [[nodiscard]] Result<std::unique_ptr<Reactor>> create_reactor() override;
  [[nodiscard]] Result<std::unique_ptr<Thread>> start_thread(std::function<void()> body) override;
  [[nodiscard]] Error random(std::span<std::byte> out) override;

 private:
  std::atomic<std::uint64_t> calls_ = 0;
  std::atomic<std::uint64_t> target_ = ~std::uint64_t{0};
  std::atomic<std::uint64_t> count_ = 1;
  std::atomic<Status> status_ = Status::OutOfDescriptors;
  std::atomic<const char*> failed_ = nullptr;
};

}  // namespace busbar::test
