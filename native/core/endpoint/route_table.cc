// Selectors and who matches them.
#include "core/endpoint/route_table.h"

#include <utility>

namespace busbar {

std::uint32_t RouteTable::add(SelectorProgram program, bool unicast, bool exclude_self) {
  if (routes_.size() >= kMaxRoutes) return 0;
  while (next_id_ == 0 || routes_.contains(next_id_)) ++next_id_;
  auto route =
      std::make_unique<Route>(Route{std::move(program), unicast, exclude_self, {}, 0, 0, 0});
  routes_.emplace(next_id_, std::move(route));
  return next_id_++;
}

void RouteTable::release(std::uint32_t id) {
  released_.push_back(id);
  if (released_.size() <= kRemembered) return;
  if (released_.front() == last_id_) last_id_ = 0;
  routes_.erase(released_.front());
  released_.pop_front();
}

Route* RouteTable::look_up(std::uint32_t id) noexcept {
  const auto found = routes_.find(id);
  if (found == routes_.end()) return nullptr;
  last_id_ = id;
  last_ = found->second.get();
  return last_;
}

void RouteTable::refresh(Route& route, DirectoryReader& directory, std::uint64_t self,
                         const std::unordered_set<std::uint64_t>& gone) const {
  // When the directory cannot be read (its writer is in the middle, or died there) the last good
  // copy serves, and seen_epoch makes the next message look again.
  (void)directory.refresh();
  route.targets.clear();
  for (const Member& member : directory.members()) {
    if (route.exclude_self && member.id == self) continue;
    if (gone.contains(member.id) || !route.program.matches(member.id, member.label)) continue;
    route.targets.push_back(
        {.peer_id = member.id, .peer_pid = member.pid, .label_revision = member.label_revision});
  }
  route.seen_view = view_;
  route.seen_epoch = directory.seen_epoch();
}

}  // namespace busbar
