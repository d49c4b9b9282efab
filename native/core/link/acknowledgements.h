// Acknowledgements: what the receiving end of one link owes its sender about single messages: that
// they are handled, in whatever order that happens, or that they never will be. Every call with the
// endpoint's lock held.
//
//   expect ──> Open ──settle(Ok)──────> Done   the position passes, and the sender counts it
//   handled
//               └─────settle(failure)─> Failed ──outcome written──> Done
//
// A position never passes what is still to be said: the sender would take it for a success.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "base/status.h"
#include "core/ring/ring_consumer.h"

namespace busbar {

class Acknowledgements {
 public:
  // A message came whose sender waits until it is handled; in the order of the positions.
  void expect(std::uint64_t position) { open_.push_back({position, State::Open, Status::Ok}); }

  // The message that ends at `position` is handled (Ok), or never will be: then the sender hears
  // why. Of a message that was not expected, only a failure is reported. A message is settled once.
  void settle(RingConsumer& ring, std::uint64_t position, Status status);
  // Says what could not be said before.
  void flush(RingConsumer& ring);
  // Something could not be said yet: flush() in a moment.
  [[nodiscard]] bool owes() const noexcept { return failed_ != 0 || !refused_.empty(); }
  // The sender is not to see yet that everything is taken up to here.
  [[nodiscard]] bool holds_taken() const noexcept { return !refused_.empty(); }
  // Where the position of what is handled may be moved to, if anywhere.
  [[nodiscard]] std::optional<std::uint64_t> take_handled() noexcept;
  // There is something to find for the sender that it does not wait for by a position.
  [[nodiscard]] bool take_news() noexcept { return std::exchange(news_, false); }

 private:
  enum class State : std::uint8_t { Open, Failed, Done };
  struct Entry {
    std::uint64_t position = 0;
    State state = State::Open;
    Status status = Status::Ok;
  };

  [[nodiscard]] bool say(RingConsumer& ring, std::uint64_t position, Status status);

  // By position. The first is Open or Failed.
  std::deque<Entry> open_;
  // Failures of messages whose sender waits only until they are taken, still to be said.
  std::deque<Entry> refused_;
  // Entries that are Failed.
  std::size_t failed_ = 0;
  bool news_ = false;
};

}  // namespace busbar
