// Rendezvous: where the endpoints of one bus name find each other. Exactly one process holds the
// name; the kernel frees it at once when that process dies.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include "base/status.h"
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
  // Handle by which a successor keeps the door open, until the name leads to a door of its own: a
  // visitor that comes in between waits instead of finding nobody. It serves nobody by it, since
  // what one holder does to a shared door can make the calls of another block.
  [[nodiscard]] virtual Result<Handle> share() const = 0;
  // The number of this holder's time in office: at least `at_least`, and above that of everybody
  // who has held the name since it was last released, also of one who died before anybody heard of
  // it. Before the number is told to anybody; again when a higher one turns out to be needed.
  [[nodiscard]] virtual std::uint64_t begin_generation(std::uint64_t at_least) noexcept = 0;
  // True while the name still leads to this listener (it may have been deposed).
  [[nodiscard]] virtual bool holds_name() const noexcept = 0;
  // Removes the name if it still leads here: the holder leaves and nobody takes over. `bus_ended`:
  // nor is anybody left who knows the numbers of its generations, which then begin anew.
  virtual void release_name(bool bus_ended) noexcept = 0;
};

// One for each holder of a name, heard by everyone who has opened it: the name may have been taken
// from its holder, look. A hint that anybody may give.
class NameBell {
 public:
  virtual ~NameBell() = default;
  // Stays rung for everyone, also for those who begin to listen later, until quiet().
  virtual void ring() noexcept = 0;
  [[nodiscard]] virtual bool is_rung() const noexcept = 0;
  // Whether the other one, of the same platform, is this very bell.
  [[nodiscard]] virtual bool is_same(const NameBell& other) const noexcept = 0;
  // Takes every ring back; who has been deposed in the same moment may go unheard, so look at the
  // name afterwards.
  virtual void quiet() noexcept = 0;
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
  // Takes the name from `holder`, who has it but does not answer or is leaving, and rings its bell.
  // WouldBlock when another process is just changing the name, or the name leads to somebody else
  // by now: connect again. The one deposed keeps what it has open; its holds_name() says so.
  [[nodiscard]] virtual Result<std::unique_ptr<Listener>> depose(std::uint64_t holder) = 0;
  // Whom the name leads to: a number that tells this time of holding it from every other; 0 when
  // the name leads to nobody. One look, no connection.
  [[nodiscard]] virtual std::uint64_t holder() const noexcept = 0;
  // The bell of whoever holds the name now; NoController when nobody does.
  [[nodiscard]] virtual Result<std::unique_ptr<NameBell>> open_bell() = 0;
};

}  // namespace busbar
