// RouteTable: the selectors that an endpoint sends to, each with the endpoints that match it right
// now. A route is worked out again only when the directory has changed: one shared atomic load on
// the way of a message.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/directory/directory_reader.h"
#include "core/ring/record.h"
#include "core/selector/selector_program.h"

namespace busbar {

class OutboundLink;
struct Recipient;

struct RouteTarget {
  std::uint64_t peer_id = 0;
  std::uint32_t peer_pid = 0;
  // The observers that want what goes there; a bit for each.
  std::uint16_t observers = 0;
  // Observers may know that it gets a message.
  bool observable = true;
  // Of its label, by which it matches.
  std::uint64_t label_revision = 0;
  // nullptr until something was sent there.
  Recipient* recipient = nullptr;
  // The recipient's, kept here as well: it saves every message one step in memory.
  OutboundLink* link = nullptr;
};

struct Route {
  SelectorProgram program;
  bool unicast = true;
  bool exclude_self = false;
  std::vector<RouteTarget> targets;
  // Where the next unicast begins to look, so that ties go round-robin.
  std::size_t next = 0;
  // The directory that `targets` were worked out from.
  std::uint64_t seen_view = 0;
  std::uint64_t seen_epoch = 0;

  // Flags of the records that go this way.
  [[nodiscard]] std::uint16_t flags() const noexcept {
    return unicast ? record_flag::kUnicast : std::uint16_t{0};
  }
};

class RouteTable {
 public:
  // Released routes stay known for this many further releases, because records on their way still
  // name them.
  static constexpr std::size_t kRemembered = 4096;
  static constexpr std::size_t kMaxRoutes = 1U << 16U;

  // A number for the route, from 1; 0 when there are too many.
  [[nodiscard]] std::uint32_t add(SelectorProgram program, bool unicast, bool exclude_self);
  void release(std::uint32_t id);
  [[nodiscard]] Route* find(std::uint32_t id) noexcept {
    return id == last_id_ && id != 0 ? last_ : look_up(id);
  }

  // Makes every route look again: another directory, or an endpoint was found to be gone.
  void invalidate() noexcept { ++view_; }
  [[nodiscard]] bool current(const Route& route, const DirectoryReader& directory) const noexcept {
    return route.seen_view == view_ && route.seen_epoch == directory.epoch();
  }
  // Works `route` out from what `directory` says now. Members in `gone` are left out. Links are for
  // the caller.
  void refresh(Route& route, DirectoryReader& directory, std::uint64_t self,
               const std::unordered_set<std::uint64_t>& gone) const;

 private:
  [[nodiscard]] Route* look_up(std::uint32_t id) noexcept;

  std::unordered_map<std::uint32_t, std::unique_ptr<Route>> routes_;
  std::deque<std::uint32_t> released_;
  std::uint32_t next_id_ = 1;
  std::uint64_t view_ = 1;
  // The route asked for last: programs send to the same selector again and again.
  std::uint32_t last_id_ = 0;
  Route* last_ = nullptr;
};

}  // namespace busbar
