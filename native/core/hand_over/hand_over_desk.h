// HandOverDesk: the messages that leaving members hand over to this endpoint, the controller, until
// they are read and answered. One portion of each member, and one slice of one portion at a time,
// so that no member decides how long the endpoint's lock is held.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/hand_over/hand_over.h"
#include "core/hand_over/kept_messages.h"
#include "platform/platform.h"

namespace busbar {

// On the control thread, with the endpoint's lock held.
class HandOverDesk {
 public:
  // Messages that are accepted go to `kept`.
  explicit HandOverDesk(KeptMessages& kept) noexcept : kept_(kept) {}

  void put(HandOverSource from, std::unique_ptr<SharedMemory> memory, std::uint64_t bytes);
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  // The member whose portion is worked on; only if not empty().
  [[nodiscard]] std::uint64_t first() const noexcept { return waiting_.front()->from.who.id; }
  void drop_first() { waiting_.pop_front(); }

  struct Finished {
    HandOverSource from;
    // The portion does not parse, so none of it is kept.
    bool broken = false;
    // Not to be delivered before their sender has the answer that they are kept.
    std::vector<ParkedMessage> messages;
  };
  // Works on a slice of the first portion; returns a value once that portion is finished.
  [[nodiscard]] std::optional<Finished> work();
  // To be called after the answer was sent.
  void keep(Finished finished);

 private:
  struct Waiting {
    Waiting(HandOverSource source, std::unique_ptr<SharedMemory> its_memory, std::uint64_t bytes)
        : from(std::move(source)),
          memory(std::move(its_memory)),
          reader({memory->data(), static_cast<std::size_t>(bytes)}) {}

    HandOverSource from;
    std::unique_ptr<SharedMemory> memory;
    HandOverReader reader;
    std::vector<ParkedMessage> messages;
    // The quota that `messages` use, in total and by process.
    KeptMessages::Use all;
    std::unordered_map<std::uint32_t, KeptMessages::Use> by_process;
  };

  [[nodiscard]] HandOverReader::Verdict judge(Waiting& waiting, const ParkedMessage& head,
                                              std::uint64_t payload_bytes) const;

  KeptMessages& kept_;
  std::deque<std::unique_ptr<Waiting>> waiting_;
};

}  // namespace busbar
