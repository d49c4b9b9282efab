// LatestValues: messages with a key that wait for one receiver, of which only the newest of each
// key is kept. At most one message of a key is on its way in the ring; while the receiver has not
// taken it, newer ones wait here and replace one another.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/budget.h"
#include "base/limits.h"

namespace busbar {

// The most keys on one link.
inline constexpr std::size_t kMaxKeys = 1024;

// `Owed` is what the sender owes about a message.
template <typename Owed>
class LatestValues {
 public:
  struct Waiting {
    std::vector<std::byte> record;
    Owed owed;
  };

  // What waits here is charged to `budget`.
  explicit LatestValues(Budget& budget) noexcept : bytes_(budget) {}

  [[nodiscard]] bool empty() const noexcept { return order_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
  // Bytes of the records that wait.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.amount(); }

  // Whether `key` is known or one more would be.
  [[nodiscard]] bool has_room(std::string_view key, std::uint64_t head) {
    if (keys_.contains(key) || keys_.size() < kMaxKeys) return true;
    std::erase_if(keys_, [head](const auto& entry) {
      return !entry.second.waiting && entry.second.position <= head;
    });
    return keys_.size() < kMaxKeys;
  }

  // Nothing of this key waits, or is on its way beyond `head`.
  [[nodiscard]] bool is_free(std::string_view key, std::uint64_t head) const {
    const auto found = keys_.find(key);
    return found == keys_.end() || (!found->second.waiting && found->second.position <= head);
  }

  // A message of this key has been published; it ends at `position`.
  void note_published(std::string_view key, std::uint64_t position) {
    entry_of(key).position = position;
  }

  // Keeps a message until its key is free; returns the one whose place it takes.
  [[nodiscard]] std::optional<Waiting> keep(std::string_view key, Waiting message) {
    Entry& entry = entry_of(key);
    bytes_.add(message.record.size());
    if (entry.waiting) {
      bytes_.subtract(entry.waiting->record.size());
      std::swap(*entry.waiting, message);
      return message;
    }
    entry.waiting = std::move(message);
    order_.push_back(std::string(key));
    return std::nullopt;
  }

  // Offers those that wait and whose key is free, the longest waiting first, to `publish`, which
  // returns where the record ends, or nothing when there is no room now.
  template <typename Publish>
  void publish_free(std::uint64_t head, Publish&& publish) {
    for (auto key = order_.begin(); key != order_.end();) {
      Entry& entry = keys_.find(*key)->second;
      if (entry.position > head) {
        ++key;
        continue;
      }
      const std::optional<std::uint64_t> position = publish(*entry.waiting);
      if (!position) return;
      bytes_.subtract(entry.waiting->record.size());
      entry.waiting.reset();
      entry.position = *position;
      key = order_.erase(key);
    }
  }

  // The first position beyond `head` that the receiver has to reach before something can go on;
  // `none` if nothing waits for it.
  [[nodiscard]] std::uint64_t next_position(std::uint64_t head, std::uint64_t none) const {
    std::uint64_t next = none;
    for (const std::string& key : order_) {
      const std::uint64_t position = keys_.find(key)->second.position;
      if (position > head) next = std::min(next, position);
    }
    return next;
  }

  // Something waits for room only.
  [[nodiscard]] bool has_free(std::uint64_t head) const {
    return std::any_of(order_.begin(), order_.end(), [&](const std::string& key) {
      return keys_.find(key)->second.position <= head;
    });
  }

  // All that wait, the longest waiting first; nothing waits afterwards.
  [[nodiscard]] std::vector<Waiting> take_all() {
    std::vector<Waiting> all;
    for (const std::string& key : order_) {
      Entry& entry = keys_.find(key)->second;
      all.push_back(std::move(*entry.waiting));
      entry.waiting.reset();
    }
    order_.clear();
    bytes_.subtract(bytes_.amount());
    return all;
  }

 private:
  struct Entry {
    // Where the last one published ends in the ring; 0: none was.
    std::uint64_t position = 0;
    std::optional<Waiting> waiting;
  };

  Entry& entry_of(std::string_view key) {
    const auto found = keys_.find(key);
    return found != keys_.end() ? found->second
                                : keys_.emplace(std::string(key), Entry{}).first->second;
  }

  std::map<std::string, Entry, std::less<>> keys_;
  // Keys with a message that waits, the longest waiting first.
  std::list<std::string> order_;
  Charge bytes_;
};

}  // namespace busbar
