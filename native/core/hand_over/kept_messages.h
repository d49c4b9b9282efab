// KeptMessages: messages that other members have left with this endpoint, the controller, because
// no receiver had taken them before those members left. Separate from the messages that this
// endpoint has parked itself: other members can neither use up its quota nor delay what it sends.
// Each process may leave as much as this endpoint may park; all processes together, four times as
// much. Messages are tried in rounds that can be interrupted anywhere, since other members decide
// how many there are and how costly their selectors are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/hand_over/hand_over.h"
#include "core/hand_over/parked_messages.h"

namespace busbar {

class KeptMessages {
 public:
  struct Use {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;

    Use& operator+=(const Use& more) noexcept {
      messages += more.messages;
      bytes += more.bytes;
      return *this;
    }
  };

  // The quota of one process.
  KeptMessages(std::uint64_t max_messages, std::uint64_t max_bytes) noexcept
      : max_messages_(max_messages), max_bytes_(max_bytes) {}

  // Whether one more message of this process has room beside messages about to be added, of the
  // process and in total.
  [[nodiscard]] bool has_room(std::uint32_t pid, std::uint64_t payload_bytes, const Use& of_process,
                              const Use& of_all) const noexcept;
  // Adds the message behind all others. It must have an origin, in whose name it is delivered.
  void add(std::uint32_t pid, ParkedMessage message);
  [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }
  [[nodiscard]] std::optional<std::uint64_t> next_expiry_ms() const noexcept;
  [[nodiscard]] std::vector<ParkedMessage> take_expired(std::uint64_t now_ms);
  // Writes the messages to be handed over to the next controller, and forgets them. Returns how
  // many were too large for that.
  [[nodiscard]] std::uint64_t hand_over(HandOverWriter& writer);

  // Some messages may find a receiver now: a round begins, or another round follows the one under
  // way.
  void want_round() noexcept { wanted_ = !messages_.empty(); }
  [[nodiscard]] bool has_work() const noexcept { return in_round_ || wanted_; }
  // True when this call has begun a round, from the first message.
  [[nodiscard]] bool begin_round() noexcept;

  enum class Tried : std::uint8_t {
    Sent,
    Waits,
    // Not finished: the next call begins with this message.
    Again,
  };
  // Goes on with the round until `is_late()`, or until a message has to be tried again.
  template <typename Attempt, typename IsLate>
  void go_on(Attempt attempt, IsLate is_late) {
    while (in_round_ && next_ != messages_.end()) {
      const Tried tried = attempt(std::as_const(next_->message));
      if (tried == Tried::Again) return;
      next_ = tried == Tried::Sent ? erase(next_) : std::next(next_);
      if (is_late()) break;
    }
    in_round_ = in_round_ && next_ != messages_.end();
  }

 private:
  struct Kept {
    std::uint32_t pid = 0;
    ParkedMessage message;
  };
  using List = std::list<Kept>;

  List::iterator erase(List::iterator place);
  [[nodiscard]] ParkedMessage take(List::iterator place);

  List messages_;
  std::unordered_map<std::uint32_t, Use> by_process_;
  Use all_;
  std::uint64_t max_messages_;
  std::uint64_t max_bytes_;
  // nullopt: unknown, to be computed.
  mutable std::optional<std::uint64_t> next_expiry_;
  bool wanted_ = false;
  bool in_round_ = false;
  List::iterator next_ = messages_.end();
};

}  // namespace busbar
