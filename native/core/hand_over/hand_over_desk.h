// HandOverDesk: what members that leave hand over to this one, the controller, until it is read and
// answered. One at a time of each member, and a slice of one of them at a time: none of them
// decides how long the endpoint's lock is held.
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
  // Where the messages go.
  explicit HandOverDesk(KeptMessages& kept) noexcept : kept_(kept) {}

  void put(HandOverSource from, std::unique_ptr<SharedMemory> memory, std::uint64_t bytes);
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
  // Whose is worked on; there is one.
  [[nodiscard]] std::uint64_t first() const noexcept { return waiting_.front()->from.who.id; }
  void drop_first() { waiting_.pop_front(); }

  struct Finished {
    HandOverSource from;
    // Nothing of it is kept: it does not parse.
    bool broken = false;
    // Nobody is to be given them before their sender has heard that they are kept.
    std::vector<ParkedMessage> messages;
  };
  // A slice of work on the first one; a value when it is finished with that.
  [[nodiscard]] std::optional<Finished> work();
  // After the answer.
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
    // What is in `messages`, together and by process.
    KeptMessages::Use all;
    std::unordered_map<std::uint32_t, KeptMessages::Use> by_process;
  };

  [[nodiscard]] HandOverReader::Verdict judge(Waiting& waiting, const ParkedMessage& head,
                                              std::uint64_t payload_bytes) const;

  KeptMessages& kept_;
  std::deque<std::unique_ptr<Waiting>> waiting_;
};

}  // namespace busbar
