// MemoryRegion: shared memory that travels with messages, as one process has mapped it: its data,
// the ledger of its holders, and the bell of its owner. One instance per process, however often the
// region arrives. Every call from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "core/region/region_ledger.h"
#include "platform/platform.h"

namespace busbar {

class RegionTable;

// The handles that a region travels with: data, ledger, bell.
inline constexpr std::size_t kRegionHandles = 3;

// The largest integer that a JavaScript number holds exactly.
inline constexpr std::uint64_t kMaxRegionId = (1ULL << 53U) - 1;

class MemoryRegion {
 public:
  // The parts from which RegionTable makes a region.
  struct Parts {
    std::uint64_t id = 0;
    std::unique_ptr<SharedMemory> data;
    std::unique_ptr<SharedMemory> ledger;
    // nullptr: this process is the owner.
    std::unique_ptr<Channel> bell;
  };
  MemoryRegion(RegionTable& table, Parts parts, RegionLedger::Slot slot, bool read_only) noexcept;
  ~MemoryRegion();
  MemoryRegion(const MemoryRegion&) = delete;
  MemoryRegion& operator=(const MemoryRegion&) = delete;

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return data_->size(); }
  [[nodiscard]] std::byte* data() const noexcept { return data_->data(); }
  // True if this process made it.
  [[nodiscard]] bool owned() const noexcept { return bell_ == nullptr; }
  // Peers may only read it.
  [[nodiscard]] bool read_only() const noexcept { return read_only_; }
  // True if other processes see the writes of this process.
  [[nodiscard]] bool writable() const noexcept { return owned() || !read_only_; }
  [[nodiscard]] bool is_same(const Handle& data, const Handle& ledger) const noexcept {
    return data_->is_same(data) && ledger_memory_->is_same(ledger);
  }

  // Adds or removes one reference of this process.
  void hold() noexcept { ledger_.add(slot_); }
  void release() noexcept;
  // References of all processes, those in flight included.
  [[nodiscard]] std::uint64_t references() const noexcept { return ledger_.total(); }
  [[nodiscard]] bool is_free() const noexcept { return ledger_.is_free(); }
  // Clears the references of processes that died; true when there were some. Does not ring.
  [[nodiscard]] bool purge();
  [[nodiscard]] RegionLedger& ledger() noexcept { return ledger_; }

  // New handles for a peer.
  [[nodiscard]] Result<std::array<Handle, kRegionHandles>> share() const;

  // Sender: claims a slot for references that travel by `path` to process `receiver`.
  [[nodiscard]] Result<RegionLedger::Slot> open_flight(std::uint64_t receiver, FlightPath path);
  void book(RegionLedger::Slot flight) noexcept { ledger_.add(flight); }
  // The receiver reported that this many booked references were lost on their way.
  void unbook(RegionLedger::Slot flight, std::uint64_t references) noexcept;
  // Discards the slot and the references in it.
  void close_flight(RegionLedger::Slot flight) noexcept;
  // The receiver answers for the slot and its references from now on.
  void leave_flight(RegionLedger::Slot flight) noexcept;

  // Receiver: takes one reference that came by `path` out of flight; this process must hold it
  // already.
  void land(FlightPath path) noexcept;
  // No more references will come by `path`. Does nothing while its sender still answers for the
  // slot.
  void end_flight(FlightPath path) noexcept;

 private:
  void ring_if_free() noexcept;
  void ring() noexcept;
  void remove_flight(RegionLedger::Slot flight) noexcept;

  RegionTable& table_;
  const std::uint64_t id_;
  const bool read_only_;
  const std::unique_ptr<SharedMemory> data_;
  const std::unique_ptr<SharedMemory> ledger_memory_;
  const std::unique_ptr<Channel> bell_;
  RegionLedger ledger_;
  const RegionLedger::Slot slot_;
  std::mutex mutex_;
  // Flight slots that we claimed and answer for.
  std::vector<RegionLedger::Slot> flights_;
};

// One counted reference to a part of a region.
class RegionReference {
 public:
  RegionReference() noexcept = default;
  // Takes over a reference that was counted already.
  RegionReference(std::shared_ptr<MemoryRegion> region, std::uint64_t offset,
                  std::uint64_t bytes) noexcept
      : region_(std::move(region)), offset_(offset), bytes_(bytes) {}
  RegionReference(RegionReference&& other) noexcept = default;
  RegionReference& operator=(RegionReference&& other) noexcept {
    if (this != &other) {
      reset();
      region_ = std::move(other.region_);
      offset_ = other.offset_;
      bytes_ = other.bytes_;
    }
    return *this;
  }
  RegionReference(const RegionReference&) = delete;
  RegionReference& operator=(const RegionReference&) = delete;
  ~RegionReference() { reset(); }

  [[nodiscard]] bool valid() const noexcept { return region_ != nullptr; }
  [[nodiscard]] const std::shared_ptr<MemoryRegion>& region() const noexcept { return region_; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::span<std::byte> data() const noexcept {
    return {region_->data() + offset_, bytes_};
  }
  void reset() noexcept {
    if (region_ != nullptr) std::exchange(region_, nullptr)->release();
  }

 private:
  std::shared_ptr<MemoryRegion> region_;
  std::uint64_t offset_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace busbar
