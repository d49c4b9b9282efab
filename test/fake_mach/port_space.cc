// Names and their rights.
#include "port_space.h"

#include <sys/random.h>
#include <unistd.h>

#include <utility>

namespace fake_mach {

std::uint64_t random_id() {
  std::uint64_t id = 0;
  (void)!::getrandom(&id, sizeof id, 0);
  return id | 1U;
}

PortSpace& PortSpace::get() {
  static PortSpace& space = *new PortSpace;
  return space;
}

mach_port_t PortSpace::add(Entry entry) {
  const mach_port_t name = next_;
  next_ += 4;
  entries.emplace(name, std::move(entry));
  return name;
}

Entry* PortSpace::find(mach_port_t name) {
  const auto found = entries.find(name);
  return found == entries.end() ? nullptr : &found->second;
}

mach_port_t PortSpace::add_send(std::uint64_t id, Object object, int descriptor) {
  for (auto& [name, entry] : entries) {
    if (entry.is_set || entry.id != id) continue;
    ++entry.send_refs;
    if (entry.send < 0) {
      entry.send = descriptor;
    } else {
      ::close(descriptor);
    }
    return name;
  }
  Entry entry;
  entry.id = id;
  entry.object = object;
  entry.send = descriptor;
  entry.send_refs = 1;
  return add(std::move(entry));
}

mach_port_t PortSpace::take_right(const WireRight& right, int descriptor) {
  if (!right.receive) return add_send(right.id, right.object, descriptor);
  for (auto& [name, entry] : entries) {
    if (entry.is_set || entry.id != right.id) continue;
    entry.receive = descriptor;
    return name;
  }
  Entry entry;
  entry.id = right.id;
  entry.receive = descriptor;
  return add(std::move(entry));
}

void PortSpace::drop_send(mach_port_t name) {
  Entry* entry = find(name);
  if (entry == nullptr || entry->send_refs == 0 || --entry->send_refs > 0) return;
  ::close(std::exchange(entry->send, -1));
  drop_if_empty(name);
}

int PortSpace::detach_receive(mach_port_t name) {
  Entry* entry = find(name);
  for (const int queue : std::exchange(entry->watched_by, {})) stop_watching(queue, entry->receive);
  for (auto& [other, each] : entries) each.members.erase(name);
  if (entry->maker >= 0) ::close(std::exchange(entry->maker, -1));
  entry->tells_no_senders = false;
  entry->own.clear();
  const int receive = std::exchange(entry->receive, -1);
  drop_if_empty(name);
  return receive;
}

void PortSpace::drop_receive(mach_port_t name) { ::close(detach_receive(name)); }

void PortSpace::drop_if_empty(mach_port_t name) {
  const Entry* entry = find(name);
  if (entry->receive < 0 && entry->send_refs == 0) entries.erase(name);
}

}  // namespace fake_mach
