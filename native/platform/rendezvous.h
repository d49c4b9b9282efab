// Rendezvous: where the endpoints of one bus name find each other. At most one process holds the
// name; the kernel frees the name at once when that process dies.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include "base/status.h"
#include "platform/channel.h"

namespace busbar {

// The holder's side. Destroying it closes the door: waiting connections break, and their owners
// connect again.
class Listener {
 public:
  virtual ~Listener() = default;
  // Returns the next waiting connection; WouldBlock when there is none, OutOfDescriptors when this
  // process cannot accept it now.
  [[nodiscard]] virtual Result<std::unique_ptr<Channel>> accept() = 0;
  // A handle by which a successor keeps the old door open until the name leads to the successor's
  // own: a visitor that connects in between waits instead of finding nobody. The successor does not
  // accept on the old door, since one holder's calls on a shared door can make another's block.
  [[nodiscard]] virtual Result<Handle> share() const = 0;
  // Starts a generation and returns its number: at least `at_least`, and above the numbers of all
  // holders since the name was last released, even of one that died before its number was known.
  // Call it before the number is sent to anybody, and again when a higher number turns out to be
  // needed.
  [[nodiscard]] virtual std::uint64_t begin_generation(std::uint64_t at_least) noexcept = 0;
  // True while the name still leads to this listener (it may have been deposed).
  [[nodiscard]] virtual bool holds_name() const noexcept = 0;
  // Removes the name if it still leads here: the holder leaves without a successor. `bus_ended`: no
  // process is left that knows the generations, so their numbers start again.
  virtual void release_name(bool bus_ended) noexcept = 0;
};

// A bell for each holder of a name. It reaches every process that opened it and means: the name may
// have been taken from its holder, check. Only a hint: any process of this user may ring.
class NameBell {
 public:
  virtual ~NameBell() = default;
  // The bell stays rung, also for processes that open it later, until quiet().
  virtual void ring() noexcept = 0;
  [[nodiscard]] virtual bool is_rung() const noexcept = 0;
  // True if `other`, of the same platform, is this bell.
  [[nodiscard]] virtual bool is_same(const NameBell& other) const noexcept = 0;
  // Clears all rings. A ring that arrives at the same moment may be lost, so check the name
  // afterwards.
  virtual void quiet() noexcept = 0;
};

// Used by one thread at a time.
class Rendezvous {
 public:
  virtual ~Rendezvous() = default;
  // Returns a channel to the holder; NoController when nobody holds the name and its last holder
  // released it (or there was none); PeerGone when the last holder died with the name, so that
  // survivors may be about to claim it; WouldBlock when the holder's backlog is full (retry in a
  // moment); Permission when the holder is another user.
  [[nodiscard]] virtual Result<std::unique_ptr<Channel>> connect() = 0;
  // Takes the name if nobody holds it; WouldBlock when another process is taking it or has taken
  // it: connect again.
  [[nodiscard]] virtual Result<std::unique_ptr<Listener>> claim() = 0;
  // Takes the name from `holder`, which has it but does not answer or is leaving, and rings its
  // bell. WouldBlock when another process is changing the name, or when the name already leads to
  // another holder: connect again. The deposed holder keeps its open objects and learns of the loss
  // by holds_name().
  [[nodiscard]] virtual Result<std::unique_ptr<Listener>> depose(std::uint64_t holder) = 0;
  // Identifies the current holder: every claim of the name has a number of its own. 0 when the name
  // leads to nobody. Looks once and makes no connection.
  [[nodiscard]] virtual std::uint64_t holder() const noexcept = 0;
  // The bell of the current holder; NoController when nobody holds the name.
  [[nodiscard]] virtual Result<std::unique_ptr<NameBell>> open_bell() = 0;
  // Whether some process has the bell open of the holder that had the name last: after that one's
  // death, a member that has not noticed it yet. Ask while this process has it not open. Only a
  // hint: any process of this user may open it. False where this cannot be known.
  [[nodiscard]] virtual bool has_listeners() noexcept { return false; }
};

}  // namespace busbar
