// The table of open objects.
#include "loopback/loopback_object.h"

#include <algorithm>
#include <map>
#include <vector>

namespace busbar::loopback {
namespace {

struct OpenObject {
  const Process* process;
  std::shared_ptr<Object> object;
};

// Per thread and not per world, because a Handle's closer gets nothing but the key. Keys start
// above every descriptor of a real kernel and are never reused.
struct Table {
  std::map<std::intptr_t, OpenObject> open;
  std::intptr_t next_key = 1'000'000;
};

Table& table() {
  thread_local Table instance;
  return instance;
}

void close_object(std::intptr_t raw) noexcept {
  const auto found = table().open.find(raw);
  if (found == table().open.end()) return;
  // The object's destructor may close other objects: run it after the table is consistent again.
  const std::shared_ptr<Object> dying = std::move(found->second.object);
  table().open.erase(found);
}

}  // namespace

Handle open_object(const Process& process, std::shared_ptr<Object> object) {
  const std::intptr_t key = table().next_key++;
  table().open.emplace(key, OpenObject{&process, std::move(object)});
  return Handle(key, close_object);
}

std::shared_ptr<Object> find_object(const Handle& handle) noexcept {
  if (!handle.valid()) return nullptr;
  const auto found = table().open.find(handle.borrow());
  return found == table().open.end() ? nullptr : found->second.object;
}

void close_objects_of(const Process& process) noexcept {
  std::vector<std::shared_ptr<Object>> dying;
  for (auto entry = table().open.begin(); entry != table().open.end();) {
    if (entry->second.process != &process) {
      ++entry;
      continue;
    }
    dying.push_back(std::move(entry->second.object));
    entry = table().open.erase(entry);
  }
}

std::size_t count_objects_of(const Process& process) noexcept {
  return static_cast<std::size_t>(
      std::count_if(table().open.begin(), table().open.end(),
                    [&](const auto& entry) { return entry.second.process == &process; }));
}

}  // namespace busbar::loopback
