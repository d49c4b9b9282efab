// A platform on top of another one that passes every call on. Test decorators derive from it, so
// that none misses a call that has a default.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "platform/platform.h"

namespace busbar::test {

class ForwardingPlatform : public Platform {
 public:
  explicit ForwardingPlatform(Platform& inner) noexcept : inner_(inner) {}

  [[nodiscard]] Result<std::unique_ptr<Rendezvous>> open_rendezvous(
      std::string_view identifier) override {
    return inner_.open_rendezvous(identifier);
  }
  [[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_memory(std::size_t bytes,
                                                                    Access peers) override {
    return inner_.create_memory(bytes, peers);
  }
  [[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_memory(Handle handle, std::size_t bytes,
                                                                   Access access) override {
    return inner_.adopt_memory(std::move(handle), bytes, access);
  }
  [[nodiscard]] Result<std::unique_ptr<Doorbell>> create_doorbell() override {
    return inner_.create_doorbell();
  }
  [[nodiscard]] Result<std::unique_ptr<DoorbellSet>> create_doorbell_set() override {
    return inner_.create_doorbell_set();
  }
  [[nodiscard]] Result<ChannelPair> create_channel_pair(std::uint32_t receiver) override {
    return inner_.create_channel_pair(receiver);
  }
  [[nodiscard]] Result<std::unique_ptr<Channel>> adopt_channel(Handle handle) override {
    return inner_.adopt_channel(std::move(handle));
  }
  [[nodiscard]] Result<Handle> duplicate(const Handle& handle) override {
    return inner_.duplicate(handle);
  }
  [[nodiscard]] Result<Handle> adopt(std::intptr_t raw) override { return inner_.adopt(raw); }
  [[nodiscard]] Result<Handle> duplicate_named(ObjectName name) override {
    return inner_.duplicate_named(name);
  }
  [[nodiscard]] ObjectName name_of(const Handle& handle) const noexcept override {
    return inner_.name_of(handle);
  }
  [[nodiscard]] Result<ObjectName> give_away(Handle& handle) override {
    return inner_.give_away(handle);
  }
  [[nodiscard]] bool threads_may_take_over() const noexcept override {
    return inner_.threads_may_take_over();
  }
  [[nodiscard]] Result<std::unique_ptr<Reactor>> create_reactor() override {
    return inner_.create_reactor();
  }
  [[nodiscard]] Result<std::unique_ptr<Thread>> start_thread(std::function<void()> body) override {
    return inner_.start_thread(std::move(body));
  }
  [[nodiscard]] bool fence_process() noexcept override { return inner_.fence_process(); }
  void prepare_process_fence() noexcept override { inner_.prepare_process_fence(); }
  [[nodiscard]] std::uint64_t descriptor_limit() const noexcept override {
    return inner_.descriptor_limit();
  }
  [[nodiscard]] TimePoint now() const noexcept override { return inner_.now(); }
  [[nodiscard]] ProcessIdentity self() const noexcept override { return inner_.self(); }
  [[nodiscard]] std::uint64_t process_token(std::uint32_t pid) noexcept override {
    return inner_.process_token(pid);
  }
  [[nodiscard]] std::uint64_t pid_namespace() noexcept override { return inner_.pid_namespace(); }
  [[nodiscard]] bool is_stopped(std::uint32_t pid) noexcept override {
    return inner_.is_stopped(pid);
  }
  [[nodiscard]] bool is_runnable(std::uint32_t pid) noexcept override {
    return inner_.is_runnable(pid);
  }
  [[nodiscard]] std::uint32_t current_cpu() const noexcept override { return inner_.current_cpu(); }
  [[nodiscard]] Error random(std::span<std::byte> out) override { return inner_.random(out); }

 protected:
  Platform& inner_;
};

}  // namespace busbar::test
