// Platform: creates every kernel object that the core needs. Each folder is one implementation:
// linux, windows, macos, and loopback (objects inside one process with an injected clock, for
// tests).
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

// Stateless and shared by all endpoints of the process; any thread may call anything.
//
// What a platform may leave out: functions with a default implementation; fence_process(), which
// may return false; is_stopped() and is_runnable(), which may not know. Unsupported is an answer of
// duplicate_named() and of DoorbellSet::call_when_ready(), and on the loopback platform of adopt()
// and start_thread(). Elsewhere it means that the running system lacks something, and the program's
// call fails with it.
//
// What a peer must not be able to do with a handle that it sent or got, whatever it does to its
// own: docs/architecture/trust.md, "What two holders of a descriptor share".
class Platform {
 public:
  virtual ~Platform() = default;

  // The core has checked `identifier` (1..128 bytes of UTF-8 without control characters).
  [[nodiscard]] virtual Result<std::unique_ptr<Rendezvous>> open_rendezvous(
      std::string_view identifier) = 0;

  // Zero-filled memory of `bytes`, mapped read-write here. `peers` is the access that a shared
  // handle gives to others.
  [[nodiscard]] virtual Result<std::unique_ptr<SharedMemory>> create_memory(std::size_t bytes,
                                                                            Access peers) = 0;
  // Maps a peer's memory after verifying that it is memory of exactly `bytes` (on Windows: as many
  // pages) that can neither shrink nor grow (ProtocolViolation otherwise). Consumes the handle.
  [[nodiscard]] virtual Result<std::unique_ptr<SharedMemory>> adopt_memory(Handle handle,
                                                                           std::size_t bytes,
                                                                           Access access) = 0;

  [[nodiscard]] virtual Result<std::unique_ptr<Doorbell>> create_doorbell() = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<DoorbellSet>> create_doorbell_set() = 0;

  // `receiver`: the process that will adopt `theirs`; some systems need its pid to send it handles.
  // 0 when no handles will be sent to it.
  [[nodiscard]] virtual Result<ChannelPair> create_channel_pair(std::uint32_t receiver) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<Channel>> adopt_channel(Handle handle) = 0;

  // A second handle on the same kernel object, of any kind. InvalidArgument when `handle` is empty.
  [[nodiscard]] virtual Result<Handle> duplicate(const Handle& handle) = 0;
  // Takes ownership of a kernel object of the program, given by its raw name; the program keeps it
  // on failure. InvalidArgument when there is no such object.
  [[nodiscard]] virtual Result<Handle> adopt(std::intptr_t raw) = 0;

  // A second handle on an object of the program that is not a descriptor; the program keeps `name`.
  // InvalidArgument when there is no such object, Unsupported when this system has no such kind.
  [[nodiscard]] virtual Result<Handle> duplicate_named(ObjectName) { return Status::Unsupported; }
  // The name by which the program knows the object. `handle`, which must be valid, keeps it.
  [[nodiscard]] virtual ObjectName name_of(const Handle& handle) const noexcept {
    return {ObjectKind::Descriptor, handle.borrow()};
  }
  // As name_of(), but gives the object to the program; `handle` is unchanged on failure.
  // InvalidArgument for an Unusable object.
  [[nodiscard]] virtual Result<ObjectName> give_away(Handle& handle) {
    return ObjectName{name_of(handle).kind, handle.take()};
  }

  [[nodiscard]] virtual Result<std::unique_ptr<Reactor>> create_reactor() = 0;

  // Runs `body` in a new thread. OutOfMemory when the system has no thread left, Unsupported where
  // the platform has no threads (a test drives the loopback platform).
  [[nodiscard]] virtual Result<std::unique_ptr<Thread>> start_thread(
      std::function<void()> body) = 0;

  // Whether a thread that has used a reactor and its channels may end while another thread goes on
  // with them.
  [[nodiscard]] virtual bool threads_may_take_over() const noexcept { return true; }

  // Makes every other thread of this process execute a full memory fence before it returns. False
  // when not prepared or when the platform cannot; once true it is always true.
  [[nodiscard]] virtual bool fence_process() noexcept = 0;
  // Makes fence_process() work where the platform can. May take tens of milliseconds.
  virtual void prepare_process_fence() noexcept = 0;

  // How many descriptors this process may have open; on systems without such a limit, a number that
  // is never reached.
  [[nodiscard]] virtual std::uint64_t descriptor_limit() const noexcept { return 1U << 20U; }

  [[nodiscard]] virtual TimePoint now() const noexcept = 0;
  [[nodiscard]] virtual ProcessIdentity self() const noexcept = 0;
  // A nonzero number for the process `pid`, with `pid` as its low half, that no later process with
  // that pid gets; 0 when there is no such process or it has ended, reaped or not.
  [[nodiscard]] virtual std::uint64_t process_token(std::uint32_t pid) noexcept = 0;
  // The namespace of this process's pids. Processes with different numbers cannot look up each
  // other's tokens. 0 where the machine has one namespace for all, or when it is unknown.
  [[nodiscard]] virtual std::uint64_t pid_namespace() noexcept { return 0; }
  // True if a signal or a debugger has stopped the process, so that it cannot answer. False where
  // this cannot be known.
  [[nodiscard]] virtual bool is_stopped(std::uint32_t pid) noexcept = 0;
  // True if a thread of the process runs, or would if it had a processor: what the process does not
  // do now it may only be late with. False where this cannot be known.
  [[nodiscard]] virtual bool is_runnable(std::uint32_t) noexcept { return false; }
  // Index of the processor that runs this thread; a hint that may be out of date at once.
  [[nodiscard]] virtual std::uint32_t current_cpu() const noexcept = 0;
  // Fills `out` with unpredictable bytes.
  [[nodiscard]] virtual Error random(std::span<std::byte> out) = 0;
};

// The platform of this build; lives as long as the process. Defined in the platform folder.
[[nodiscard]] Platform& native_platform() noexcept;

}  // namespace busbar
