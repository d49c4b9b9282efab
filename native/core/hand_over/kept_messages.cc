// Messages that other members have left, and the quota of each process.
#include "core/hand_over/kept_messages.h"

#include <algorithm>
#include <limits>

namespace busbar {
namespace {

// How many times the quota of one process all processes together may use.
constexpr std::uint64_t kProcesses = 4;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

// Every size that a sender decides.
[[nodiscard]] std::uint64_t bytes_of(const ParkedMessage& message) noexcept {
  return message.payload.size() + message.program.bytes().size() + message.origin.size();
}

}  // namespace

bool KeptMessages::has_room(std::uint32_t pid, std::uint64_t payload_bytes, const Use& of_process,
                            const Use& of_all) const noexcept {
  const auto found = by_process_.find(pid);
  Use process = found == by_process_.end() ? Use() : found->second;
  process += of_process;
  Use all = all_;
  all += of_all;
  if (process.messages >= max_messages_ || all.messages >= max_messages_ * kProcesses ||
      all.bytes > max_bytes_ * kProcesses) {
    return false;
  }
  // As with messages parked here: a message larger than the whole quota may wait while no other
  // message does.
  return process.messages == 0 || (process.bytes + payload_bytes <= max_bytes_ &&
                                   all.bytes + payload_bytes <= max_bytes_ * kProcesses);
}

void KeptMessages::add(std::uint32_t pid, ParkedMessage message) {
  Use& use = by_process_[pid];
  const std::uint64_t bytes = bytes_of(message);
  use.bytes += bytes;
  all_.bytes += bytes;
  ++use.messages;
  ++all_.messages;
  if (next_expiry_) next_expiry_ = std::min(*next_expiry_, message.expires_at_ms);
  const bool was_at_end = next_ == messages_.end();
  messages_.push_back({pid, std::move(message)});
  if (in_round_ && was_at_end) next_ = std::prev(messages_.end());
}

KeptMessages::List::iterator KeptMessages::erase(List::iterator place) {
  (void)take(place);
  return messages_.erase(place);
}

// Moves the message out of its place in the list, which the caller erases.
ParkedMessage KeptMessages::take(List::iterator place) {
  const auto use = by_process_.find(place->pid);
  const std::uint64_t bytes = bytes_of(place->message);
  all_.bytes -= bytes;
  --all_.messages;
  use->second.bytes -= bytes;
  if (--use->second.messages == 0) by_process_.erase(use);
  if (next_expiry_ && place->message.expires_at_ms == *next_expiry_) next_expiry_.reset();
  return std::move(place->message);
}

std::optional<std::uint64_t> KeptMessages::next_expiry_ms() const noexcept {
  if (messages_.empty()) return std::nullopt;
  if (!next_expiry_) {
    std::uint64_t next = kNever;
    for (const Kept& kept : messages_) next = std::min(next, kept.message.expires_at_ms);
    next_expiry_ = next;
  }
  return next_expiry_;
}

std::vector<ParkedMessage> KeptMessages::take_expired(std::uint64_t now_ms) {
  std::vector<ParkedMessage> expired;
  const auto next = next_expiry_ms();
  if (!next || *next > now_ms) return expired;
  for (auto place = messages_.begin(); place != messages_.end();) {
    if (place->message.expires_at_ms > now_ms) {
      ++place;
      continue;
    }
    const bool in_hand = place == next_;
    expired.push_back(take(place));
    place = messages_.erase(place);
    if (in_hand) next_ = place;
  }
  return expired;
}

std::uint64_t KeptMessages::hand_over(HandOverWriter& writer) {
  std::uint64_t left = 0;
  for (const Kept& kept : messages_) left += writer.add(kept.message, {}) ? 0 : 1;
  messages_.clear();
  by_process_.clear();
  all_ = {};
  next_ = messages_.end();
  in_round_ = wanted_ = false;
  return left;
}

bool KeptMessages::begin_round() noexcept {
  if (in_round_ || !wanted_) return false;
  wanted_ = false;
  in_round_ = !messages_.empty();
  next_ = messages_.begin();
  return in_round_;
}

}  // namespace busbar
