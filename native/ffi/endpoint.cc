// Joining, leaving and the list of members.
#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "ffi/objects.h"

using busbar::Status;
using busbar::ffi::code;
using busbar::ffi::Lock;

namespace {

constexpr std::size_t kBatch = 64;

// 0 leaves the default.
void set(std::uint64_t& target, std::uint64_t value) {
  if (value != 0) target = value;
}

busbar::Result<busbar::Label> read_label(const char* const* given, std::size_t count) {
  if (count > busbar::kMaxLabelStrings || (count != 0 && given == nullptr))
    return Status::InvalidLabel;
  std::vector<std::string_view> strings;
  for (std::size_t i = 0; i < count; ++i) {
    if (given[i] == nullptr) return Status::InvalidLabel;
    strings.emplace_back(given[i]);
  }
  return busbar::Label::create(strings);
}

busbar_status read_options(const busbar_join_options& given, busbar::EndpointOptions& out) {
  auto created = read_label(given.label, given.label_count);
  if (!created) return code(created.error());
  out.membership.label = created.take();
  out.membership.controller_affinity = given.no_controller_affinity == 0;
  out.membership.observable = given.unobservable == 0;
  if (given.token != nullptr) out.membership.token = given.token;
#define BUSBAR_OPTION(name, node_name, unit, by_default, least, most) \
  set(out.join.name, given.name);
#define BUSBAR_NODE_OPTION(...)
#include "base/option_list.def"
#undef BUSBAR_OPTION
  if (out.membership.token.size() > busbar::kMaxTokenBytes || !out.join.valid() ||
      given.when_full < BUSBAR_WHEN_FULL_REFUSE || given.when_full > BUSBAR_WHEN_FULL_DISCONNECT) {
    return BUSBAR_INVALID_ARGUMENT;
  }
  out.regions = &busbar::process_regions();
  return BUSBAR_OK;
}

void free_messages(busbar_endpoint& self) {
  for (busbar_message* message : self.inbox) {
    busbar::ffi::leave_slab(self, *message);
    delete message;
  }
  for (busbar_message* message : self.spare) delete message;
  delete self.borrowed;
  self.inbox.clear();
  self.spare.clear();
  delete std::exchange(self.slab, nullptr);
}

// Begins to leave; busbar_endpoint_close waits until it has left.
void begin_close(busbar_endpoint& self, std::uint32_t linger_ms) {
  const Lock lock(*self.entry);
  busbar::ffi::return_borrowed(self);
  if (self.reservation) self.endpoint->cancel(*self.reservation);
  self.reservation.reset();
  self.endpoint->hand_back(self.inbox.size(), std::exchange(self.untold, {}));
  self.endpoint->close(std::chrono::milliseconds(linger_ms));
}

// Waits for the end of the control thread and releases everything.
void shut_down(busbar_endpoint& self) {
  self.endpoint->join_thread();
  free_messages(self);
  self.reservation.reset();
  self.endpoint->release();
}

}  // namespace

std::unique_ptr<busbar_peer_list> busbar::ffi::list_of(const std::vector<busbar::Member>& members) {
  auto list = std::make_unique<busbar_peer_list>();
  for (const busbar::Member& member : members) {
    busbar_peer_list::Peer peer{member.id, member.pid, {}};
    for (const std::string_view string : member.label) peer.label.emplace_back(string);
    list->peers.push_back(std::move(peer));
  }
  return list;
}

busbar_status busbar::ffi::join(const char* identifier, const busbar_join_options* options,
                                std::shared_ptr<const busbar::ObserverConditions> observes,
                                busbar_endpoint** out_endpoint) {
  if (identifier == nullptr || out_endpoint == nullptr) return BUSBAR_INVALID_ARGUMENT;
  busbar_join_options given{};
  if (options != nullptr && !busbar::ffi::read_struct(options, given))
    return BUSBAR_INVALID_ARGUMENT;
  busbar::EndpointOptions native;
  native.membership.identifier = identifier;
  native.membership.observes = std::move(observes);
  native.keeps_seen = true;
  const bool observer = native.membership.observes != nullptr;
  const busbar_status read = read_options(given, native);
  if (read != BUSBAR_OK) return read;
  const std::uint64_t spin = native.join.spin_us;
  auto created = busbar::Endpoint::create(busbar::native_platform(), std::move(native));
  if (!created) return code(created.error());

  auto self = std::make_unique<busbar_endpoint>();
  self->entry = std::make_shared<std::mutex>();
  self->endpoint = created.take();
  self->batch = std::vector<busbar::ReceivedMessage>(kBatch);
  self->observer = observer;
  self->when_full = given.when_full;
  self->spin = std::chrono::microseconds(spin);
  self->on_event = given.on_event;
  self->on_log = given.on_log;
  self->context = given.context;
  if (const busbar::Error started = self->endpoint->start(); !started.ok()) return code(started);
  self->endpoint->report_undelivered(given.on_event != nullptr);
  {
    Lock lock(*self->entry);
    (void)busbar::ffi::wait_until(*self, lock, std::nullopt, false,
                                  [&] { return self->joined || !self->refused.ok(); });
  }
  if (!self->joined) {
    const busbar_status refused = code(self->refused);
    self->endpoint->close(std::chrono::milliseconds(0));
    shut_down(*self);
    return refused;
  }
  *out_endpoint = self.release();
  return BUSBAR_OK;
}

extern "C" {

busbar_status busbar_endpoint_join(const char* identifier, const busbar_join_options* options,
                                   busbar_endpoint** out_endpoint) {
  return busbar::ffi::join(identifier, options, nullptr, out_endpoint);
}

busbar_status busbar_endpoint_close(busbar_endpoint* endpoint, uint32_t linger_ms,
                                    uint64_t* out_abandoned) {
  if (endpoint == nullptr) return BUSBAR_OK;
  const std::unique_ptr<busbar_endpoint> self(endpoint);
  begin_close(*self, linger_ms);
  {
    Lock lock(*self->entry);
    (void)busbar::ffi::wait_until(*self, lock, std::nullopt, false, [&] { return self->closed; });
  }
  shut_down(*self);
  if (out_abandoned != nullptr) *out_abandoned = self->abandoned;
  return self->abandoned == 0 ? BUSBAR_OK : BUSBAR_UNDELIVERED;
}

busbar_status busbar_endpoint_close_all(busbar_endpoint* const* endpoints, size_t count,
                                        uint32_t linger_ms, uint64_t* out_abandoned) {
  if (endpoints == nullptr && count != 0) return BUSBAR_INVALID_ARGUMENT;
  for (size_t i = 0; i < count; ++i) {
    if (endpoints[i] != nullptr) begin_close(*endpoints[i], linger_ms);
  }
  uint64_t abandoned = 0;
  for (size_t i = 0; i < count; ++i) {
    uint64_t of_this = 0;
    (void)busbar_endpoint_close(endpoints[i], linger_ms, &of_this);
    abandoned += of_this;
  }
  if (out_abandoned != nullptr) *out_abandoned = abandoned;
  return abandoned == 0 ? BUSBAR_OK : BUSBAR_UNDELIVERED;
}

uint64_t busbar_endpoint_id(busbar_endpoint* endpoint) {
  const Lock lock(*endpoint->entry);
  return endpoint->endpoint->id();
}

int32_t busbar_endpoint_is_controller(busbar_endpoint* endpoint) {
  const Lock lock(*endpoint->entry);
  return endpoint->endpoint->is_controller() ? 1 : 0;
}

uint64_t busbar_endpoint_controller_id(busbar_endpoint* endpoint) {
  const Lock lock(*endpoint->entry);
  return endpoint->endpoint->controller_id();
}

busbar_status busbar_endpoint_counters(busbar_endpoint* endpoint, busbar_counters* out_counters) {
  if (endpoint == nullptr) return BUSBAR_INVALID_ARGUMENT;
  const Lock lock(*endpoint->entry);
  const busbar::EndpointCounters now = endpoint->endpoint->counters();
  busbar_counters counters{};
  counters.sent_messages = now.sent.sent_messages;
  counters.sent_bytes = now.sent.sent_bytes;
  counters.received_messages = now.received_messages;
  counters.received_bytes = now.received_bytes;
  counters.rerouted = now.sent.rerouted;
  counters.undelivered = now.sent.undelivered;
  counters.expired = now.sent.expired;
  counters.queue_full = now.sent.queue_full;
  counters.dropped = now.sent.dropped;
  counters.superseded = now.sent.superseded;
  counters.disconnected = now.sent.disconnected;
  counters.outbound_links = now.outbound_links;
  counters.inbound_links = now.inbound_links;
  counters.parked = now.parked;
  return busbar::ffi::write_struct(counters, out_counters);
}

busbar_status busbar_endpoint_list_peers(busbar_endpoint* endpoint, busbar_peer_list** out_list) {
  if (endpoint == nullptr || out_list == nullptr) return BUSBAR_INVALID_ARGUMENT;
  const Lock lock(*endpoint->entry);
  *out_list = busbar::ffi::list_of(endpoint->endpoint->members()).release();
  return BUSBAR_OK;
}

busbar_status busbar_endpoint_matching_peers(busbar_endpoint* endpoint,
                                             const busbar_selector* selector,
                                             busbar_peer_list** out_list) {
  if (endpoint == nullptr || selector == nullptr || out_list == nullptr) {
    return BUSBAR_INVALID_ARGUMENT;
  }
  const Lock lock(*endpoint->entry);
  *out_list = busbar::ffi::list_of(endpoint->endpoint->matches(selector->route)).release();
  return BUSBAR_OK;
}

size_t busbar_peer_list_count(const busbar_peer_list* list) { return list->peers.size(); }

uint64_t busbar_peer_list_id(const busbar_peer_list* list, size_t index) {
  return index < list->peers.size() ? list->peers[index].id : 0;
}

uint32_t busbar_peer_list_pid(const busbar_peer_list* list, size_t index) {
  return index < list->peers.size() ? list->peers[index].pid : 0;
}

const char* busbar_peer_list_borrow_label(const busbar_peer_list* list, size_t index,
                                          size_t label_index) {
  if (index >= list->peers.size()) return nullptr;
  const std::vector<std::string>& label = list->peers[index].label;
  return label_index < label.size() ? label[label_index].c_str() : nullptr;
}

void busbar_peer_list_free(busbar_peer_list* list) { delete list; }

size_t busbar_endpoint_count_matches(busbar_endpoint* endpoint, const busbar_selector* selector) {
  const Lock lock(*endpoint->entry);
  return endpoint->endpoint->count_matches(selector->route);
}

busbar_status busbar_endpoint_relabel(busbar_endpoint* endpoint, const char* const* label,
                                      size_t label_count, int32_t timeout_ms) {
  if (endpoint == nullptr) return BUSBAR_INVALID_ARGUMENT;
  auto read = read_label(label, label_count);
  if (!read) return code(read.error());
  Lock lock(*endpoint->entry);
  const auto revision = endpoint->endpoint->relabel(read.take());
  if (!revision) return code(revision.error());
  const auto is_shown = [&] { return endpoint->label_revision >= revision.value(); };
  const bool told =
      busbar::ffi::wait_until(*endpoint, lock, busbar::ffi::deadline_after(timeout_ms), false,
                              [&] { return is_shown() || endpoint->closed; });
  if (!told) return BUSBAR_TIMEOUT;
  return is_shown() ? BUSBAR_OK : BUSBAR_CLOSED;
}

busbar_status busbar_endpoint_wait_for(busbar_endpoint* endpoint, const busbar_selector* selector,
                                       size_t count, int32_t timeout_ms) {
  if (endpoint == nullptr || selector == nullptr) return BUSBAR_INVALID_ARGUMENT;
  Lock lock(*endpoint->entry);
  busbar::ffi::watch(*endpoint);
  const bool there = busbar::ffi::wait_until(
      *endpoint, lock, busbar::ffi::deadline_after(timeout_ms), false,
      [&] { return endpoint->endpoint->count_matches(selector->route) >= count; });
  busbar::ffi::unwatch(*endpoint);
  return there ? BUSBAR_OK : BUSBAR_TIMEOUT;
}

}  // extern "C"
