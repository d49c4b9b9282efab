// What becomes of undelivered messages when an endpoint closes.
#include "core/endpoint/closing.h"

#include <algorithm>
#include <utility>

#include "core/hand_over/hand_over.h"

namespace busbar {

void Closing::begin(TimePoint deadline) noexcept {
  if (!deadline_ || deadline < *deadline_) deadline_ = deadline;
  if (phase_ == Phase::Open) phase_ = Phase::Lingering;
}

std::vector<Parcel> Closing::leave(Sender& sender, Platform& platform,
                                   std::span<const std::byte> origin) {
  phase_ = Phase::Leaving;
  HandOverWriter writer;
  sender.parked().hand_over(origin, writer);
  abandoned_ += sender.kept().hand_over(writer);
  std::vector<Parcel> parcels;
  for (const HandOver& portion : writer.take()) {
    packed_ += portion.messages;
    auto memory = platform.create_memory(portion.bytes.size(), Access::ReadOnly);
    if (!memory) continue;
    std::copy(portion.bytes.begin(), portion.bytes.end(), memory.value()->data());
    parcels.push_back({memory.take(), portion.bytes.size()});
  }
  abandoned_ += sender.queued_messages() + sender.parked().size();
  sender.parked().clear();
  return parcels;
}

void Closing::handed_over(std::uint64_t kept) noexcept {
  abandoned_ += packed_ - std::min(kept, packed_);
}

}  // namespace busbar
