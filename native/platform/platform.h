// Platform: makes every kernel object that the core needs. One implementation a folder:
// linux, windows, macos, and loopback (in-process twins with an injected clock, for tests).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/status.h"
#include "platform/channel.h"
#include "platform/doorbell.h"
#include "platform/handle.h"
#include "platform/object_name.h"
#include "platform/process_identity.h"
#include "platform/reactor.h"
#include "platform/rendezvous.h"
#include "platform/shared_memory.h"
#include "platform/thread.h"

namespace busbar {

// Stateless and shared by all endpoints of the process; every call from any thread.
class Platform {
 public:
  virtual ~Platform() = default;

  // `identifier` is already checked by the core (1..128 bytes of UTF-8 without control characters).
  [[nodiscard]] virtual Result<std::unique_ptr<Rendezvous>> open_rendezvous(
      std::string_view identifier) = 0;

  // Zero-filled memory of `bytes`, mapped read-write here; `peers` says what others may do with a
  // shared handle.
  [[nodiscard]] virtual Result<std::unique_ptr<SharedMemory>> create_memory(std::size_t bytes,
                                                                            Access peers) = 0;
  // Maps a peer's memory after verifying that it is memory of exactly `bytes` (on Windows: as many
  // pages) which can neither shrink nor grow (ProtocolViolation otherwise). The handle is consumed.
  [[nodiscard]] virtual Result<std::unique_ptr<SharedMemory>> adopt_memory(Handle handle,
                                                                           std::size_t bytes,
                                                                           Access access) = 0;

  [[nodiscard]] virtual Result<std::unique_ptr<Doorbell>> create_doorbell() = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<DoorbellSet>> create_doorbell_set() = 0;

  // `receiver`: the process that will adopt `theirs`, which some systems have to know to send it
  // handles; 0 when none are to be sent that way.
  [[nodiscard]] virtual Result<ChannelPair> create_channel_pair(std::uint32_t receiver) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<Channel>> adopt_channel(Handle handle) = 0;

  // A second handle on the same kernel object, of any kind. InvalidArgument when it owns none.
  [[nodiscard]] virtual Result<Handle> duplicate(const Handle& handle) = 0;
  // Owns a kernel object that the program made, by its raw name, from now on; it stays the
  // program's on failure. InvalidArgument when there is no such object.
  [[nodiscard]] virtual Result<Handle> adopt(std::intptr_t raw) = 0;

  // A second handle on an object of the program that is known by no descriptor; it keeps `name`.
  // InvalidArgument when there is no such object, Unsupported when there is no such kind here.
  [[nodiscard]] virtual Result<Handle> duplicate_named(ObjectName) { return Status::Unsupported; }
  // What the program knows it by; still owned by `handle`, which is valid.
  [[nodiscard]] virtual ObjectName name_of(const Handle& handle) const noexcept {
    return {ObjectKind::Descriptor, handle.borrow()};
  }
  // The same, the program's from now on; `handle` stays as it is on failure. InvalidArgument when
  // it is Unusable.
  [[nodiscard]] virtual Result<ObjectName> give_away(Handle& handle) {
    return ObjectName{name_of(handle).kind, handle.take()};
  }

  [[nodiscard]] virtual Result<std::unique_ptr<Reactor>> create_reactor() = 0;

  // Runs `body` in a thread of its own. OutOfMemory when there is none to be had, Unsupported where
  // the platform has no threads (the loopback twins are driven by their test).
  [[nodiscard]] virtual Result<std::unique_ptr<Thread>> start_thread(
      std::function<void()> body) = 0;

  // Makes every other thread of this process execute a full memory fence before it returns. False:
  // not prepared, or the platform cannot; once true it is always true.
  [[nodiscard]] virtual bool fence_process() noexcept = 0;
  // Makes fence_process() work where the platform can. May take tens of milliseconds.
  virtual void prepare_process_fence() noexcept = 0;

  // How many descriptors this process may have open; on systems that count none, a number that is
  // never reached.
  [[nodiscard]] virtual std::uint64_t descriptor_limit() const noexcept { return 1U << 20U; }

  [[nodiscard]] virtual TimePoint now() const noexcept = 0;
  [[nodiscard]] virtual ProcessIdentity self() const noexcept = 0;
  // A number, not 0, for the process `pid` that no later process of that number has, with `pid` as
  // its low half; 0 when there is none or it has ended, reaped or not.
  [[nodiscard]] virtual std::uint64_t process_token(std::uint32_t pid) noexcept = 0;
  // Whose pids those are: processes that say different numbers cannot look each other's tokens up.
  // 0 where all processes of a machine have one numbering, or it is not known.
  [[nodiscard]] virtual std::uint64_t pid_namespace() noexcept { return 0; }
  // It cannot answer because somebody has stopped it: a signal, a debugger. False where that cannot
  // be known.
  [[nodiscard]] virtual bool is_stopped(std::uint32_t pid) noexcept = 0;
  // Index of the processor that runs this thread; a hint that may be stale at once.
  [[nodiscard]] virtual std::uint32_t current_cpu() const noexcept = 0;
  // Fills with bytes that nobody can guess.
  [[nodiscard]] virtual Error random(std::span<std::byte> out) = 0;
};

// The platform of this build; lives as long as the process. Defined in the platform folder.
[[nodiscard]] Platform& native_platform() noexcept;

}  // namespace busbar
