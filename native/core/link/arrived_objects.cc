// Kernel objects at the receiving end of a link.
#include "core/link/arrived_objects.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace busbar {

Arrival ArrivedObjects::add(std::uint64_t message_id, std::uint64_t count,
                            std::vector<Handle> handles) {
  if (count == 0 || handles.size() != count || handles_ + count > kMaxObjectsToTake)
    return Arrival::Broken;
  if (!holdings_.add({count, 0, 0})) return Arrival::Lost;
  handles_ += count;
  objects_.push_back({message_id, std::move(handles)});
  return Arrival::Kept;
}

Arrival ArrivedObjects::add(std::span<const ObjectShare> shares, std::vector<Handle> handles) {
  Arrival arrival = Arrival::Kept;
  auto next = std::make_move_iterator(handles.begin());
  for (const ObjectShare& share : shares) {
    if (std::make_move_iterator(handles.end()) - next < share.objects) return Arrival::Broken;
    std::vector<Handle> own(next, next + share.objects);
    next += share.objects;
    const Arrival one = add(share.message_id, share.objects, std::move(own));
    if (one == Arrival::Broken) return one;
    if (one == Arrival::Lost) arrival = one;
  }
  return next == std::make_move_iterator(handles.end()) ? arrival : Arrival::Broken;
}

bool ArrivedObjects::has(std::uint64_t message_id) const noexcept {
  return std::any_of(objects_.begin(), objects_.end(),
                     [message_id](const Objects& each) { return each.message_id == message_id; });
}

std::optional<std::vector<Handle>> ArrivedObjects::take(std::uint64_t message_id,
                                                        std::size_t count) {
  const auto found =
      std::find_if(objects_.begin(), objects_.end(),
                   [message_id](const Objects& each) { return each.message_id == message_id; });
  if (found == objects_.end()) return std::nullopt;
  std::vector<Handle> handles = std::move(found->handles);
  handles_ -= handles.size();
  holdings_.subtract({handles.size(), 0, 0});
  objects_.erase(found);
  if (handles.size() != count) return std::nullopt;
  return handles;
}

}  // namespace busbar
