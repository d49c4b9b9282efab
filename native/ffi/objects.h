// The opaque types of busbar.h.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/endpoint/endpoint.h"
#include "core/region/region_registry.h"
#include "core/selector/selector_program.h"
#include "ffi/include/busbar.h"

struct busbar_expression {
  busbar::SelectorProgram program;
};

struct busbar_selector {
  // Shared, because a selector may be freed after its endpoint was closed.
  std::shared_ptr<busbar::Endpoint> endpoint;
  std::shared_ptr<std::mutex> entry;
  std::uint32_t route = 0;
  bool unicast = true;
};

struct busbar_region {
  busbar::RegionReference reference;
};

struct busbar_registry {
  std::mutex mutex;
  std::unique_ptr<busbar::RegionRegistry> registry;
};

struct busbar_peer_list {
  struct Peer {
    std::uint64_t id = 0;
    std::uint32_t pid = 0;
    std::vector<std::string> label;
  };
  std::vector<Peer> peers;
};

namespace busbar::ffi {

// The payloads of one batch; reused once no message points into it. The endpoint's lock guards the
// count.
struct Slab {
  std::vector<std::byte> bytes;
  std::size_t users = 0;
};

// What is kept about an inbound link.
struct LinkInHand {
  // Messages of it that exist, waiting or the program's.
  std::uint64_t messages = 0;
  // Where to note those that the program gets.
  busbar::InboundLink::SeenWord seen;
};

}  // namespace busbar::ffi

struct busbar_message {
  busbar_endpoint* endpoint = nullptr;
  busbar::ReceivedMessage received;
  busbar_span payload{};
  busbar_span metadata{};
  // The whole of an observation, of which `payload` is the end; empty for any other message.
  std::span<const std::byte> observation{};
  // Of a large message, whose slab has nothing but its payload.
  std::vector<std::byte> own_metadata;
  // Has the payload and the metadata; null for a borrowed message.
  busbar::ffi::Slab* slab = nullptr;
  // Its link in busbar_endpoint::links.
  busbar::ffi::LinkInHand* link = nullptr;
  // The sender, if it is not the link's owner.
  std::uint64_t from_id = 0;
  std::uint32_t from_pid = 0;
  std::optional<std::vector<std::string>> from_label;
};

struct busbar_endpoint {
  // Lets one of the program's threads in at a time: they share the owner's side of the endpoint's
  // lock.
  std::shared_ptr<std::mutex> entry;
  std::shared_ptr<busbar::Endpoint> endpoint;
  // Notified when anything below may have changed, for the threads that do not sleep on the bells.
  std::condition_variable changed;
  // One thread sleeps on the bells; the others wait for `changed`.
  bool thread_sleeps = false;
  // That thread is to look at what has changed, and has not woken up yet.
  bool sleeper_called = false;
  // One thread waits for messages.
  bool thread_receives = false;

  bool joined = false;
  bool closed = false;
  busbar::Error refused;
  std::uint64_t abandoned = 0;
  bool drained = false;
  // The label that all members see; see Endpoint::relabel().
  std::uint64_t label_revision = 0;
  // What the callbacks are still to be called with, in order, and the thread that calls them.
  std::deque<busbar::Notice> untold_notices;
  // Peers that have ended once the program has what is in the inbox.
  std::vector<busbar::PeerEndedNotice> endings;
  std::optional<std::thread::id> teller;
  std::map<std::uint64_t, std::optional<busbar::DeliveryResult>> deliveries;
  // Deliveries whose outcomes are reported by events.
  std::unordered_set<std::uint64_t> reported_deliveries;
  // Threads in busbar_endpoint_wait_for(), and one more while `watches_peers`.
  std::size_t watchers = 0;
  // Changes of the membership are reported by events.
  bool watches_peers = false;

  // Filled by the next batch, unless a message still points into it.
  busbar::ffi::Slab* slab = nullptr;
  std::vector<busbar::ReceivedMessage> batch;
  std::deque<busbar_message*> inbox;
  // The part of the batch that was not reported to the core as taken.
  std::span<const busbar::ReceivedMessage> untold;
  std::vector<busbar_message*> spare;
  // How often messages were looked for.
  std::uint32_t looks = 0;
  // The borrowed message and the reserved place, if any.
  busbar_message* borrowed = nullptr;
  std::optional<busbar::Reservation> reservation;
  // Closed links with messages whose sender may still be asked for.
  std::vector<std::uint32_t> gone_links;
  std::unordered_map<std::uint32_t, busbar::ffi::LinkInHand> links;
  // The last entry that was looked up.
  std::uint32_t last_link_slot = 0;
  busbar::ffi::LinkInHand* last_link = nullptr;

  // It only observes.
  bool observer = false;
  std::int32_t when_full = BUSBAR_WHEN_FULL_REFUSE;
  std::chrono::microseconds spin{0};
  busbar_event_callback on_event = nullptr;
  busbar_log_callback on_log = nullptr;
  void* context = nullptr;
};

namespace busbar::ffi {

[[nodiscard]] inline busbar_status code(Status status) noexcept {
  return static_cast<busbar_status>(status);
}
// Keeps `error` for busbar_last_failure() on this thread.
void remember(const Error& error) noexcept;
[[nodiscard]] inline busbar_status code(const Error& error) noexcept {
  if (!error.ok()) remember(error);
  return code(error.status);
}

// Whether the caller's struct is there and begins with its size.
template <typename T>
[[nodiscard]] bool is_struct(const T* given) noexcept {
  return given != nullptr && given->size >= sizeof given->size && given->size <= 4096;
}
// Copies the fields that the caller's struct has; the others keep their values in `out`. A new
// field must begin behind the struct's old size: in its padding, older programs have left anything.
template <typename T>
[[nodiscard]] bool read_struct(const T* given, T& out) noexcept {
  if (!is_struct(given)) return false;
  std::memcpy(static_cast<void*>(&out), given, std::min(given->size, sizeof out));
  return true;
}
template <typename T>
[[nodiscard]] busbar_status write_struct(const T& value, T* out) noexcept {
  if (!is_struct(out)) return BUSBAR_INVALID_ARGUMENT;
  const std::size_t size = out->size;
  std::memcpy(static_cast<void*>(out), &value, std::min(size, sizeof value));
  out->size = size;
  return BUSBAR_OK;
}

using Lock = std::unique_lock<std::mutex>;
// nullopt: no limit.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;
[[nodiscard]] Deadline deadline_after(std::int32_t timeout_ms) noexcept;

[[nodiscard]] std::unique_ptr<busbar_peer_list> list_of(const std::vector<Member>& members);
// busbar_endpoint_join, or of an observer busbar_endpoint_observe.
[[nodiscard]] busbar_status join(const char* identifier, const busbar_join_options* options,
                                 std::shared_ptr<const ObserverConditions> observes,
                                 busbar_endpoint** out_endpoint);

// The caller of the following functions holds `lock`, which is released while callbacks run and
// while a thread waits.

[[nodiscard]] busbar_peer_list::Peer peer_of(const Member& member);
// Takes the notices of the control thread, and calls the callbacks unless another thread does.
void hear(busbar_endpoint& self, Lock& lock);
// Waits until `done()`, which is checked after each hear(), is true; false if the deadline has
// passed. `wants_messages`: messages may make done() true, so the endpoint has to announce its
// sleep.
template <typename Done>
[[nodiscard]] bool wait_until(busbar_endpoint& self, Lock& lock, const Deadline& deadline,
                              bool wants_messages, Done&& done);
// Sleeps until a bell rings or the deadline has passed. With `wants_messages`, returns at once if
// there are messages.
void sleep(busbar_endpoint& self, Lock& lock, const Deadline& deadline, bool wants_messages);
// Of a message that an observer received: its payload is what it was in the observed message.
void read_observation(busbar_message& message) noexcept;
// The message's payload is not needed any more.
void leave_slab(busbar_endpoint& self, busbar_message& message) noexcept;
// Returns the borrowed message, if any.
void return_borrowed(busbar_endpoint& self);
void call_event(busbar_endpoint& self, Lock& lock, const busbar_event& event);
// One thread more, or less, wants PeersNotices.
void watch(busbar_endpoint& self);
void unwatch(busbar_endpoint& self);
// Sends the program's message; `out` is the outcome of the core.
[[nodiscard]] busbar_status send_locked(busbar_endpoint& self, std::uint32_t route,
                                        const busbar_outgoing* given, Acknowledge acknowledge,
                                        SendOutcome& out);
void log(busbar_endpoint& self, Lock& lock, std::int32_t level, const std::string& text);

template <typename Done>
bool wait_until(busbar_endpoint& self, Lock& lock, const Deadline& deadline, bool wants_messages,
                Done&& done) {
  self.thread_receives = self.thread_receives || wants_messages;
  bool reached = false;
  // A bell that rang before ends the sleep at once, so checking before it is not needed.
  bool sleeps_first = wants_messages && (!deadline || *deadline > std::chrono::steady_clock::now());
  for (;;) {
    if (!std::exchange(sleeps_first, false)) hear(self, lock);
    reached = done();
    if (reached || (deadline && std::chrono::steady_clock::now() >= *deadline)) break;
    sleep(self, lock, deadline, wants_messages);
  }
  if (wants_messages) {
    self.thread_receives = false;
    // Another thread may have waited until this one took its messages; it can sleep on the bells
    // now.
    self.changed.notify_all();
  }
  return reached;
}

}  // namespace busbar::ffi
