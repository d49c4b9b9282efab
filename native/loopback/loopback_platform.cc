// Forwards each call to the file of its interface; calls of a killed process fail with Closed.
#include "loopback/loopback_platform.h"

#include <utility>

#include "loopback/loopback_channel.h"
#include "loopback/loopback_doorbell.h"
#include "loopback/loopback_memory.h"
#include "loopback/loopback_reactor.h"
#include "loopback/loopback_world.h"

namespace busbar {

Result<std::unique_ptr<Rendezvous>> LoopbackPlatform::open_rendezvous(std::string_view identifier) {
  if (!process_.alive) return Status::Closed;
  return loopback::open_loopback_rendezvous(process_, identifier);
}

Result<std::unique_ptr<SharedMemory>> LoopbackPlatform::create_memory(std::size_t bytes,
                                                                      Access peers) {
  if (!process_.alive) return Status::Closed;
  return loopback::create_loopback_memory(process_, bytes, peers);
}

// A test may pass a handle of another process: it is opened again here and closed there.
Result<std::unique_ptr<SharedMemory>> LoopbackPlatform::adopt_memory(Handle handle,
                                                                     std::size_t bytes,
                                                                     Access access) {
  if (!process_.alive) return Status::Closed;
  return loopback::adopt_loopback_memory(process_, handle, bytes, access);
}

Result<std::unique_ptr<Doorbell>> LoopbackPlatform::create_doorbell() {
  if (!process_.alive) return Status::Closed;
  return loopback::create_loopback_doorbell(process_);
}

Result<std::unique_ptr<DoorbellSet>> LoopbackPlatform::create_doorbell_set() {
  if (!process_.alive) return Status::Closed;
  return loopback::create_loopback_doorbell_set(process_);
}

Result<ChannelPair> LoopbackPlatform::create_channel_pair(std::uint32_t) {
  if (!process_.alive) return Status::Closed;
  return loopback::create_loopback_pair(process_);
}

Result<std::unique_ptr<Channel>> LoopbackPlatform::adopt_channel(Handle handle) {
  if (!process_.alive) return Status::Closed;
  if (!handle.valid()) return Status::InvalidArgument;
  return loopback::adopt_loopback_channel(process_, handle);
}

Result<Handle> LoopbackPlatform::duplicate(const Handle& handle) {
  if (!process_.alive) return Status::Closed;
  auto object = loopback::find_object(handle);
  if (object == nullptr) return Status::InvalidArgument;
  return loopback::open_object(process_, std::move(object));
}

Result<Handle> LoopbackPlatform::adopt(std::intptr_t) { return Status::Unsupported; }

Result<std::unique_ptr<Reactor>> LoopbackPlatform::create_reactor() {
  if (!process_.alive) return Status::Closed;
  return loopback::create_loopback_reactor(process_);
}

TimePoint LoopbackPlatform::now() const noexcept { return process_.world.now(); }

ProcessIdentity LoopbackPlatform::self() const noexcept { return process_.identity; }

// In this world, a pid is reused only after its process was killed.
std::uint64_t LoopbackPlatform::process_token(std::uint32_t pid) noexcept {
  return process_.world.is_alive(pid) ? std::uint64_t{1} << 32U | pid : 0;
}

bool LoopbackPlatform::is_runnable(std::uint32_t pid) noexcept {
  return process_.world.is_runnable(pid);
}

std::uint32_t LoopbackPlatform::current_cpu() const noexcept { return process_.cpu; }

// Everything here happens in the test's thread, in the order that the test decides.
Result<std::unique_ptr<Thread>> LoopbackPlatform::start_thread(std::function<void()>) {
  return Status::Unsupported;
}

Error LoopbackPlatform::random(std::span<std::byte> out) {
  process_.world.fill_random(out);
  return {};
}

}  // namespace busbar
