// LoopbackPlatform: the Platform of one process of a LoopbackWorld, made by
// LoopbackWorld::start_process. All calls from the world's thread, although Platform allows any.
#pragma once

#include <memory>

#include "loopback/loopback_object.h"
#include "platform/platform.h"

namespace busbar {

class LoopbackPlatform final : public Platform {
 public:
  explicit LoopbackPlatform(const loopback::Process& process) noexcept : process_(process) {}

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
  // Unsupported: here a program has no objects of its own.
  [[nodiscard]] Result<Handle> adopt(std::intptr_t raw) override;
  [[nodiscard]] Result<std::unique_ptr<Reactor>> create_reactor() override;
  // The whole world runs in one thread, which needs no fence.
  [[nodiscard]] bool fence_process() noexcept override { return true; }
  void prepare_process_fence() noexcept override {}
  [[nodiscard]] TimePoint now() const noexcept override;
  [[nodiscard]] ProcessIdentity self() const noexcept override;
  [[nodiscard]] std::uint64_t process_token(std::uint32_t pid) noexcept override;
  [[nodiscard]] bool is_stopped(std::uint32_t) noexcept override { return false; }
  [[nodiscard]] bool is_runnable(std::uint32_t pid) noexcept override;
  [[nodiscard]] std::uint64_t pid_namespace() noexcept override { return process_.pid_namespace; }
  [[nodiscard]] std::uint32_t current_cpu() const noexcept override;
  // Returns the same bytes in every run with the same seed.
  [[nodiscard]] Result<std::unique_ptr<Thread>> start_thread(std::function<void()> body) override;
  [[nodiscard]] Error random(std::span<std::byte> out) override;

 private:
  const loopback::Process& process_;
};

}  // namespace busbar
