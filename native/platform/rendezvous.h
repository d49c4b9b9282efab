// Rendezvous: where the endpoints of one bus name find each other. Exactly one process holds the
// name; the kernel frees it at once when that process dies.
#pragma once

#include <memory>
#include <variant>

#include "core/status.h"
#include "platform/channel.h"

namespace busbar {

// The holder's side. Destroying it closes the door; waiting connections break and their owners look
// again.
class Listener {
 public:
  virtual ~Listener() = default;
  // The next waiting connection; WouldBlock when there is none. OutOfDescriptors when it cannot be
  // taken now.
  [[nodiscard]] virtual Result<std::unique_ptr<Channel>> accept() = 0;
  // Handle by which a successor keeps the same door open without a gap.
  [[nodiscard]] virtual Result<Handle> share() const = 0;
  // The number of this holder's time in office: at least `at_least`, and above that of everybody
  // who has held the name since it was last released, also of one who died before anybody heard of
  // it. Once, before the number is told to anybody.
  [[nodiscard]] virtual std::uint64_t begin_generation(std::uint64_t at_least) noexcept = 0;
  // True while the name still leads to this listener (it may have been deposed).
  [[nodiscard]] virtual bool holds_name() const noexcept = 0;
  // Removes the name if it still leads here: the holder leaves and nobody takes over.
  virtual void release_name() noexcept = 0;
};

// Any one thread at a time.
class Rendezvous {
 public:
  virtual ~Rendezvous() = default;
  // A channel to the holder; NoController when nobody holds the name and its last holder left
  // politely (or there was none); PeerGone when the last holder died with the name, so that
  // survivors may be about to claim it; WouldBlock when the holder's door is crowded (try again in
  // a moment); Permission when the holder is another user.
  [[nodiscard]] virtual Result<std::unique_ptr<Channel>> connect() = 0;
  // Takes the name if nobody holds it; WouldBlock when another process is just doing that (or did:
  // connect again).
  [[nodiscard]] virtual Result<std::unique_ptr<Listener>> claim() = 0;
  // Continues a predecessor's Listener handed over by Listener::share.
  [[nodiscard]] virtual Result<std::unique_ptr<Listener>> adopt(Handle listener) = 0;
};

}  // namespace busbar
