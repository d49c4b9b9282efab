// KeptMessages: what other members have left with this one, the controller, because nobody had
// taken it before they left. Apart from what this endpoint has parked itself: others can neither
// use up its quota nor hold up what it sends. Each process may leave as much as this endpoint may
// park, all together four times that. They are tried in rounds that can be interrupted anywhere,
// since others say how many there are and what they ask.
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

  // Of one process.
  KeptMessages(std::uint64_t max_messages, std::uint64_t max_bytes) noexcept
      : max_messages_(max_messages), max_bytes_(max_bytes) {}

  // Whether one more of this process has room beside what is about to come, of the process and in
  // all.
  [[nodiscard]] bool has_room(std::uint32_t pid, std::uint64_t payload_bytes, const Use& of_process,
                              const Use& of_all) const noexcept;
  // Behind all others; in the name of its origin, which it has.
  void add(std::uint32_t pid, ParkedMessage message);
  [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }
  [[nodiscard]] std::optional<std::uint64_t> next_expiry_ms() const noexcept;
  [[nodiscard]] std::vector<ParkedMessage> take_expired(std::uint64_t now_ms);
  // Writes them to be handed over to the next controller, and forgets them. Returns how many were
  // too large for that.
  [[nodiscard]] std::uint64_t hand_over(HandOverWriter& writer);

  // Something has changed that may find some of them a receiver: a round begins, or another one
  // behind that which is under way.
  void want_round() noexcept { wanted_ = !messages_.empty(); }
  [[nodiscard]] bool has_work() const noexcept { return in_round_ || wanted_; }
  // True when a round has begun by this call: from the first message.
  [[nodiscard]] bool begin_round() noexcept;

  enum class Tried : std::uint8_t {
    Sent,
    Waits,
    // Not finished: the same message comes next time.
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
  // nullopt: to be looked for.
  mutable std::optional<std::uint64_t> next_expiry_;
  bool wanted_ = false;
  bool in_round_ = false;
  List::iterator next_ = messages_.end();
};

}  // namespace busbar
