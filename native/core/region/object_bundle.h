// ObjectBundle: the kernel objects of one message. The sender keeps them until the receiver has
// taken the message, because until then another receiver may have to get them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/budget.h"
#include "base/limits.h"
#include "platform/platform.h"

namespace busbar {

static_assert(kMaxObjects <= kMaxDatagramHandles, "the objects of a message are one datagram");

struct ObjectBundle {
  std::vector<Handle> handles;
  Charge charge;

  explicit ObjectBundle(Budget& budget) noexcept : charge(budget) {}

  // Makes second handles to the same objects; the caller keeps its own. InvalidArgument for an
  // empty handle, LimitExceeded for too many. Charged to `budget`; the caller checks its room
  // first.
  [[nodiscard]] static Result<std::shared_ptr<const ObjectBundle>> copy(
      Platform& platform, std::span<const Handle* const> handles, Budget& budget) {
    if (handles.size() > kMaxObjects) return Status::LimitExceeded;
    auto bundle = std::make_shared<ObjectBundle>(budget);
    bundle->handles.reserve(handles.size());
    for (const Handle* handle : handles) {
      auto second = platform.duplicate(*handle);
      if (!second) return second.error();
      bundle->handles.push_back(second.take());
    }
    bundle->charge.add(handles.size());
    return std::shared_ptr<const ObjectBundle>(std::move(bundle));
  }
};

}  // namespace busbar
