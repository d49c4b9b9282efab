// RegionFlights: the memory regions that have gone over one link: which of them the receiver has
// mapped, and the slot (flight) in each region's ledger that counts the references on their way.
// Every call with the endpoint's lock held.
//
//   open ──> hand_over ──> book, for each message ──> give_up / forget_unmapped / leave / close
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/link/link_channel.h"
#include "core/region/memory_region.h"
#include "core/region/region_bundle.h"
#include "platform/platform.h"

namespace busbar {

class RegionFlights {
 public:
  // Memory regions that the receiver keeps mapped between messages.
  static constexpr std::size_t kMaxKnownMemory = 64;
  // With those of messages that it has not taken yet: then the next message waits. The receiver
  // takes more for a violation (MappedRegions::kMaxRegions).
  static constexpr std::size_t kMaxGivenMemory = 128;

  RegionFlights(Platform& platform, LinkChannel& channel, FlightPath path,
                std::uint32_t peer_pid) noexcept
      : platform_(platform), channel_(channel), path_(path), peer_pid_(peer_pid) {}

  // Takes slots in the ledgers of these regions, before a message with them is put. False: there is
  // none.
  [[nodiscard]] bool open(std::span<const RegionRange> ranges);
  // Frees the slots that no message came to use.
  void close_unused();
  // Frees the slots of regions of which nothing is on its way over this link.
  void give_up(std::span<const RegionRange> ranges);

  // Gives the receiver the regions that it has not mapped yet. False: not all of them for now.
  [[nodiscard]] bool hand_over(const RegionBundle& bundle);
  // The last hand_over() failed because the receiver has to take messages first.
  [[nodiscard]] bool full() const noexcept { return full_; }
  // The message with these regions, which waited, is published next: what is booked is under way.
  void book(const RegionBundle& bundle);
  // One message with these regions more or less that waits for room in the ring; its regions keep
  // their slots meanwhile.
  void begin_waiting(const RegionBundle* bundle) { note_waiting(bundle, 1); }
  void end_waiting(const RegionBundle* bundle) { note_waiting(bundle, -1); }
  // Tells the receiver to unmap memory regions that this process has unmapped.
  void forget_unmapped();
  // The receiver never got region `id`, to which there were so many references.
  void on_lost(std::uint64_t id, std::uint64_t references);

  // Leaves the references on their way to the receiver, which counts them from now on.
  void leave();
  // Takes the references on their way back: nobody else will count them.
  void close();
  void clear() noexcept { known_.clear(); }

 private:
  // A memory region that the receiver has mapped, or is to get again.
  struct Known {
    std::uint64_t id = 0;
    std::weak_ptr<MemoryRegion> region;
    RegionLedger::Slot flight = 0;
    bool given = false;
    // Mentions in messages that wait for room in the ring: they are to find their slot.
    std::size_t waiting = 0;
  };

  [[nodiscard]] bool give(const std::shared_ptr<MemoryRegion>& region);
  [[nodiscard]] Known* open_one(const std::shared_ptr<MemoryRegion>& region);
  [[nodiscard]] Known* find(std::uint64_t id) noexcept;
  [[nodiscard]] static bool is_idle(const Known& known);
  void note_waiting(const RegionBundle* bundle, int change);
  void forget_if_replaced(const MemoryRegion& region);
  [[nodiscard]] static bool is_in_flight(const Known& known);
  [[nodiscard]] static bool mentions(const RegionBundle& bundle, const Known& known);
  [[nodiscard]] bool make_room(const RegionBundle& needed);
  bool forget_idle(const RegionBundle& needed);
  bool take_back(const RegionBundle& needed);
  void forget(Known& known);

  Platform& platform_;
  LinkChannel& channel_;
  const FlightPath path_;
  const std::uint32_t peer_pid_;
  // Process token of the receiver; 0: not asked for yet.
  std::uint64_t peer_token_ = 0;
  std::vector<Known> known_;
  bool full_ = false;
};

}  // namespace busbar
