// Receiving: messages that are copied, and borrowed messages.
#include <atomic>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/ring/origin.h"
#include "ffi/objects.h"
#include "platform/platform.h"

using busbar::ReceivedMessage;
using busbar::ffi::code;
using busbar::ffi::Lock;

namespace {

constexpr std::size_t kSlabBytes = 128U << 10U;
constexpr std::size_t kMaxSpare = 256;
constexpr std::uint32_t kLooksBetweenBells = 64;
// Messages are reported as taken in portions: fewer reports to the sender, and its room becomes
// free before all are read.
constexpr std::size_t kMaxTold = 32;

busbar_message* new_message(busbar_endpoint& self) {
  if (self.spare.empty()) return new busbar_message;
  busbar_message* message = self.spare.back();
  self.spare.pop_back();
  return message;
}

// The original sender of a message that the controller kept because its sender has left.
void read_origin(busbar_message& message, std::span<const std::byte> bytes) {
  const auto origin = busbar::decode_origin(bytes);
  if (!origin) return;
  message.from_id = origin->id;
  message.from_pid = origin->pid;
  message.from_label.emplace();
  for (const std::string_view string : origin->label) message.from_label->emplace_back(string);
}

void read_last_origin(busbar_message& message) {
  if (message.received.origin_bytes != 0)
    read_origin(message, message.endpoint->endpoint->last_origin());
}

busbar::ffi::LinkInHand* link_of(busbar_endpoint& self, std::uint32_t slot) {
  if (self.last_link != nullptr && self.last_link_slot == slot) return self.last_link;
  const auto [place, first] = self.links.try_emplace(slot);
  if (first) place->second.seen = self.endpoint->seen_word(slot);
  self.last_link_slot = slot;
  self.last_link = &place->second;
  return self.last_link;
}

busbar_message* wrap(busbar_endpoint& self, ReceivedMessage& received, busbar_span payload) {
  busbar_message* message = new_message(self);
  message->endpoint = &self;
  message->received = std::move(received);
  message->payload = payload;
  message->observation = {};
  message->metadata = {};
  message->from_id = message->received.from_id;
  message->from_pid = 0;
  message->from_label.reset();
  message->slab = nullptr;
  message->link = link_of(self, message->received.link_slot);
  ++message->link->messages;
  return message;
}

void use(busbar_message& message, busbar::ffi::Slab* slab) {
  message.slab = slab;
  ++slab->users;
}

// The program has all messages except those in the inbox.
void tell_taken(busbar_endpoint& self) {
  self.endpoint->taken(self.inbox.size(), std::exchange(self.untold, {}));
}

// The program gets another message. If the sender waits for that, it is reported at once.
void note_taken(busbar_endpoint& self, const busbar_message& message) {
  const ReceivedMessage& received = message.received;
  if (auto* seen = message.link->seen.word; seen != nullptr)
    seen->store(static_cast<std::uint32_t>(received.position), std::memory_order_relaxed);
  const std::size_t waiting = self.inbox.size();
  if (waiting == 0 || waiting == kMaxTold || received.awaited() || !received.objects.empty() ||
      !received.regions.empty())
    tell_taken(self);
}

// Takes a batch out of shared memory; only with an empty inbox, and with the lock held.
void fetch(busbar_endpoint& self) {
  // A slab that is still in use is deleted with the last message in it.
  if (self.slab == nullptr || self.slab->users != 0)
    self.slab = new busbar::ffi::Slab{std::vector<std::byte>(kSlabBytes)};
  busbar::ReceiveBatch batch{.slab = self.slab->bytes, .messages = self.batch};
  self.endpoint->receive(batch);
  for (ReceivedMessage& received : std::span(self.batch).first(batch.count)) {
    const std::byte* place = self.slab->bytes.data() + received.offset;
    const std::span<const std::byte> origin(self.slab->bytes.data() + received.origin_offset,
                                            received.origin_bytes);
    busbar_message* message = wrap(self, received, {place, received.payload_bytes});
    use(*message, self.slab);
    if (self.observer) busbar::ffi::read_observation(*message);
    if (message->received.metadata_bytes != 0)
      message->metadata = {place + busbar::padded(message->received.payload_bytes),
                           message->received.metadata_bytes};
    if (!origin.empty()) read_origin(*message, origin);
    self.inbox.push_back(message);
  }
  self.untold = std::span(self.batch).first(batch.count);
  if (batch.large_bytes == 0) return;
  tell_taken(self);
  auto large = std::make_unique<busbar::ffi::Slab>();
  large->bytes.resize(batch.large_bytes);
  ReceivedMessage received;
  if (!self.endpoint->receive_large(large->bytes, received)) return;
  busbar_message* message = wrap(self, received, {large->bytes.data(), large->bytes.size()});
  use(*message, large.release());
  read_last_origin(*message);
  const std::span<const std::byte> metadata = self.endpoint->last_metadata();
  message->own_metadata.assign(metadata.begin(), metadata.end());
  message->metadata = {message->own_metadata.data(), metadata.size()};
  self.inbox.push_back(message);
  self.endpoint->taken(self.inbox.size(), {&message->received, 1});
}

// Forgets closed links without messages.
void forget_gone(busbar_endpoint& self) {
  std::erase_if(self.gone_links, [&self](std::uint32_t slot) {
    if (self.links[slot].messages != 0) return false;
    self.links.erase(slot);
    self.last_link = nullptr;
    self.endpoint->forget_peer(slot);
    return true;
  });
}

void recycle(busbar_endpoint& self, busbar_message* message, busbar::Status outcome) {
  const ReceivedMessage& received = message->received;
  if ((received.header.flags & busbar::record_flag::kWantsHandled) != 0)
    self.endpoint->settle(received.link_slot, received.position, outcome);
  if (--message->link->messages == 0 && !self.gone_links.empty()) forget_gone(self);
  message->received.objects.clear();
  message->received.regions.clear();
  busbar::ffi::leave_slab(self, *message);
  if (self.spare.size() < kMaxSpare) {
    self.spare.push_back(message);
  } else {
    delete message;
  }
}

busbar_status receive_with(busbar_endpoint& self, Lock& lock, std::int32_t timeout_ms,
                           const std::function<bool()>& look) {
  if (self.thread_receives || self.borrowed != nullptr) return BUSBAR_INVALID_ARGUMENT;
  // Collecting the bells costs a system call, but one busy sender must not keep others from being
  // received.
  if (++self.looks % kLooksBetweenBells != 0 && look()) return BUSBAR_OK;
  const auto deadline = busbar::ffi::deadline_after(timeout_ms);
  const bool found = busbar::ffi::wait_until(self, lock, deadline, true, [&] {
    if (look()) return true;
    // The endpoint announces its sleep before the caller sleeps in an event loop of its own.
    if (timeout_ms == 0 && !self.endpoint->sleep()) return look();
    return self.spin.count() != 0 && timeout_ms != 0 && self.endpoint->spin(self.spin) && look();
  });
  if (found) return BUSBAR_OK;
  if (self.closed) return BUSBAR_CLOSED;
  return timeout_ms == 0 ? BUSBAR_WOULD_BLOCK : BUSBAR_TIMEOUT;
}

std::optional<busbar::Member> sender_of(const busbar_message& message) {
  const Lock lock(*message.endpoint->entry);
  return message.endpoint->endpoint->peer(message.received.link_slot);
}

}  // namespace

namespace busbar::ffi {

void leave_slab(busbar_endpoint& self, busbar_message& message) noexcept {
  Slab* slab = std::exchange(message.slab, nullptr);
  if (slab != nullptr && --slab->users == 0 && slab != self.slab) delete slab;
}

void return_borrowed(busbar_endpoint& self) {
  if (self.borrowed == nullptr) return;
  // First what was taken, then its outcome.
  busbar_message* message = std::exchange(self.borrowed, nullptr);
  self.endpoint->return_borrowed();
  recycle(self, message, busbar::Status::Ok);
}

}  // namespace busbar::ffi

extern "C" {

busbar_status busbar_endpoint_receive(busbar_endpoint* endpoint, int32_t timeout_ms,
                                      busbar_message** out_message) {
  if (endpoint == nullptr || out_message == nullptr) return BUSBAR_INVALID_ARGUMENT;
  busbar_endpoint& self = *endpoint;
  Lock lock(*self.entry);
  if (self.inbox.empty()) {
    const busbar_status status = receive_with(self, lock, timeout_ms, [&self] {
      if (self.inbox.empty()) fetch(self);
      return !self.inbox.empty();
    });
    if (status != BUSBAR_OK) return status;
  } else if (self.thread_receives || self.borrowed != nullptr) {
    return BUSBAR_INVALID_ARGUMENT;
  }
  *out_message = self.inbox.front();
  self.inbox.pop_front();
  note_taken(self, **out_message);
  return BUSBAR_OK;
}

busbar_object busbar_endpoint_pollable(busbar_endpoint* endpoint) {
  return endpoint->endpoint->bells().waitable();
}

busbar_status busbar_endpoint_borrow_next(busbar_endpoint* endpoint, int32_t timeout_ms,
                                          busbar_message** out_message, busbar_span* out_payload) {
  if (endpoint == nullptr || out_message == nullptr || out_payload == nullptr)
    return BUSBAR_INVALID_ARGUMENT;
  busbar_endpoint& self = *endpoint;
  if (self.observer) return BUSBAR_UNSUPPORTED;
  Lock lock(*self.entry);
  // Messages in the inbox come first; they are borrowed from this process's memory.
  const busbar_status status = receive_with(self, lock, timeout_ms, [&self] {
    if (!self.inbox.empty()) {
      self.borrowed = self.inbox.front();
      self.inbox.pop_front();
      note_taken(self, *self.borrowed);
      return true;
    }
    ReceivedMessage received;
    std::span<const std::byte> payload;
    if (!self.endpoint->borrow(received, payload)) return false;
    self.borrowed = wrap(self, received, {payload.data(), payload.size()});
    read_last_origin(*self.borrowed);
    // Stays where it is while the message is borrowed.
    const std::span<const std::byte> metadata = self.endpoint->last_metadata();
    self.borrowed->metadata = {metadata.data(), metadata.size()};
    return true;
  });
  if (status != BUSBAR_OK) return status;
  *out_message = self.borrowed;
  *out_payload = self.borrowed->payload;
  return BUSBAR_OK;
}

void busbar_endpoint_release_borrowed(busbar_endpoint* endpoint) {
  const Lock lock(*endpoint->entry);
  busbar::ffi::return_borrowed(*endpoint);
}

busbar_status busbar_message_get_info(const busbar_message* message,
                                      busbar_message_info* out_info) {
  if (message == nullptr) return BUSBAR_INVALID_ARGUMENT;
  const ReceivedMessage& received = message->received;
  busbar_message_info info{};
  std::memcpy(info.type.bytes, received.header.type.bytes.data(), sizeof info.type.bytes);
  info.format = received.header.format;
  info.id = received.header.id;
  info.reply_to = received.reply_to;
  info.from_id = message->from_id;
  info.from_pid = message->from_pid;
  if (!message->from_label) {
    if (const auto sender = sender_of(*message)) info.from_pid = sender->pid;
  }
  info.object_count = static_cast<std::uint32_t>(received.objects.size());
  info.region_count = static_cast<std::uint32_t>(received.regions.size());
  info.lost = (received.objects_lost ? 1U : 0U) | (received.regions_lost ? 2U : 0U);
  info.payload = message->payload;
  info.metadata = busbar_message_borrow_metadata(message);
  info.awaited = (received.header.flags & busbar::record_flag::kWantsHandled) != 0 ? 1U : 0U;
  return busbar::ffi::write_struct(info, out_info);
}

busbar_span busbar_message_borrow_payload(const busbar_message* message) {
  return message->payload;
}

busbar_span busbar_message_borrow_metadata(const busbar_message* message) {
  return message->metadata;
}

const char* busbar_message_borrow_from_label(const busbar_message* message, size_t index) {
  auto& label = const_cast<busbar_message*>(message)->from_label;
  if (!label) {
    const auto sender = sender_of(*message);
    const_cast<busbar_message*>(message)->from_pid = sender ? sender->pid : 0;
    label.emplace();
    if (sender) {
      for (const std::string_view string : sender->label) label->emplace_back(string);
    }
  }
  return index < label->size() ? (*label)[index].c_str() : nullptr;
}

busbar_status busbar_message_take_object(busbar_message* message, size_t index,
                                         busbar_object* out_object) {
  if (message == nullptr || out_object == nullptr) return BUSBAR_INVALID_ARGUMENT;
  std::vector<busbar::Handle>& objects = message->received.objects;
  if (index >= objects.size() || !objects[index].valid()) return BUSBAR_INVALID_ARGUMENT;
  auto given = busbar::native_platform().give_away(objects[index]);
  if (!given) return code(given.error());
  *out_object = given.value().number;
  return BUSBAR_OK;
}

busbar_status busbar_message_get_object_kind(const busbar_message* message, size_t index,
                                             int32_t* out_kind) {
  if (message == nullptr || out_kind == nullptr) return BUSBAR_INVALID_ARGUMENT;
  const std::vector<busbar::Handle>& objects = message->received.objects;
  if (index >= objects.size() || !objects[index].valid()) return BUSBAR_INVALID_ARGUMENT;
  *out_kind = static_cast<std::int32_t>(busbar::native_platform().name_of(objects[index]).kind);
  return BUSBAR_OK;
}

busbar_status busbar_message_take_region(busbar_message* message, size_t index,
                                         busbar_region** out_region,
                                         busbar_region_range* out_range) {
  if (message == nullptr || out_region == nullptr) return BUSBAR_INVALID_ARGUMENT;
  std::vector<busbar::RegionReference>& regions = message->received.regions;
  if (index >= regions.size() || !regions[index].valid()) return BUSBAR_INVALID_ARGUMENT;
  const std::uint64_t offset = regions[index].offset();
  const std::uint64_t bytes = regions[index].bytes();
  *out_region = new busbar_region{std::move(regions[index])};
  if (out_range != nullptr) *out_range = {*out_region, offset, bytes};
  return BUSBAR_OK;
}

void busbar_message_free(busbar_message* message) {
  if (message == nullptr) return;
  const Lock lock(*message->endpoint->entry);
  recycle(*message->endpoint, message, busbar::Status::Ok);
}

busbar_status busbar_message_refuse(busbar_message* message, busbar_status reason) {
  if (message == nullptr || !busbar::is_listed_failure(static_cast<std::uint32_t>(reason)))
    return BUSBAR_INVALID_ARGUMENT;
  const Lock lock(*message->endpoint->entry);
  recycle(*message->endpoint, message, static_cast<busbar::Status>(reason));
  return BUSBAR_OK;
}

}  // extern "C"
