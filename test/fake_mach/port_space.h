// This process's names for ports and port sets, with its rights for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "mach/mach.h"
#include "wire.h"

namespace fake_mach {

// One name. A port: `receive` and `send` are the ends of a socket pair. A memory entry or a file:
// `send` is its descriptor.
struct Entry {
  std::uint64_t id = 0;
  Object object = Object::Port;
  int receive = -1;
  // Send rights are made from it; closed once the process waits for the end of all senders.
  int maker = -1;
  int send = -1;
  std::uint32_t send_refs = 0;
  bool tells_no_senders = false;
  // Messages sent to the port while it had no sender.
  std::deque<std::vector<std::byte>> own;
  // Of a set: its ports. Of a port: the queues that watch it.
  bool is_set = false;
  std::set<mach_port_t> members;
  std::set<int> watched_by;
};

class PortSpace {
 public:
  // Never destroyed: threads may use it while the process ends.
  static PortSpace& get();

  // Every call of this folder holds it while it reads names.
  std::recursive_mutex mutex;
  std::map<mach_port_t, Entry> entries;

  mach_port_t add(Entry entry);
  Entry* find(mach_port_t name);
  // Takes a received right; the space owns its descriptor from now on.
  mach_port_t take_right(const WireRight& right, int descriptor);
  mach_port_t add_send(std::uint64_t id, Object object, int descriptor);
  void drop_send(mach_port_t name);
  // Closes or returns the receiving end, and ends everything that watches it.
  int detach_receive(mach_port_t name);
  void drop_receive(mach_port_t name);
  void drop_if_empty(mach_port_t name);

 private:
  mach_port_t next_ = 0x103;
};

std::uint64_t random_id();
// Defined beside the kqueues: ends the events of `receive` in `queue`.
void stop_watching(int queue, int receive);
// Sends a notification about `about` to a port of this process.
void notify(mach_port_t port, mach_msg_id_t id, mach_port_t about);

}  // namespace fake_mach
