// The receiving half of an endpoint.
#include "core/endpoint/receiver.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace busbar {

static_assert(Receiver::kBesideBytes >= kMaxRecordOrigin + kMaxMetadataBytes + 24);

Receiver::Receiver(Platform& platform, RegionTable& regions, DoorbellSet& bells,
                   std::uint64_t max_message_bytes, std::uint64_t max_links, Events events)
    : platform_(platform),
      regions_(regions),
      bells_(bells),
      max_message_bytes_(max_message_bytes),
      max_links_(max_links),
      events_(std::move(events)),
      holdings_(platform.descriptor_limit()),
      extension_copy_(kMaxExtensionBytes) {}

Result<InboundLink*> Receiver::attach(const Member& from, std::uint64_t link_id,
                                      std::uint64_t ring_bytes, std::vector<Handle> handles) {
  for (const auto& [slot, known] : links_) {
    if (known->peer_id() == from.id && known->link_id() == link_id) return nullptr;
  }
  LinkHoldings holdings(holdings_.of(from.pid));
  const bool broken = !has_link_room(from.id);
  if (broken) events_.on_violation({from.id, from.pid, Status::LimitExceeded});
  if (broken || links_.size() >= max_links_ ||
      !holdings.add(InboundLink::own_holding(ring_bytes))) {
    InboundLink::decline(platform_, std::move(handles), Status::LimitExceeded);
    return Status::LimitExceeded;
  }
  const std::uint32_t slot = next_slot_++;
  auto attached = InboundLink::attach(platform_, regions_, bells_, slot, from.id, from.pid, link_id,
                                      ring_bytes, std::move(handles), std::move(holdings), turn_);
  if (attached.status() == Status::Closed) return nullptr;
  if (!attached) return attached.error();
  InboundLink* link = attached.value().get();
  if (seen_kept_) link->ring().keep_seen();
  links_.emplace(slot, attached.take());
  peers_.emplace(slot, from);
  wake(*link);
  note_owing(*link);
  return link;
}

std::size_t Receiver::living_links(std::uint64_t peer_id) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(links_.begin(), links_.end(), [peer_id](const auto& entry) {
        return entry.second->peer_id() == peer_id && !entry.second->sender_gone();
      }));
}

bool Receiver::has_link_room(std::uint64_t peer_id) {
  if (living_links(peer_id) < kMaxLinksOfPeer) return true;
  // Perhaps some have ended, and their turn has not come yet.
  std::vector<std::uint32_t> slots;
  for (const auto& [slot, link] : links_) {
    if (link->peer_id() == peer_id) slots.push_back(slot);
  }
  for (const std::uint32_t slot : slots) (void)on_channel(slot);
  return living_links(peer_id) < kMaxLinksOfPeer;
}

bool Receiver::on_channel(std::uint32_t slot) {
  InboundLink* found = link(slot);
  if (found == nullptr) return false;
  const Status status = found->receive(platform_);
  if (status == Status::PeerGone) {
    // Read to the end first: what it published is still there. Closed by the round that finds it
    // empty.
    wake(*found);
    events_.on_sender_gone(*found);
    bells_.raise();
  } else if (status != Status::Ok && status != Status::WouldBlock) {
    violate(*found, status);
  } else if (found->round == InboundLink::Round::Stalled) {
    wake(*found);
    bells_.raise();
  } else {
    return found->read_objects_only();
  }
  return false;
}

bool Receiver::collect_bells() {
  std::array<std::uint64_t, 64> tokens;
  // No more than each link once: a bell that rings on and on is reported again.
  for (std::size_t most = links_.size() + 1; most > 0; most -= std::min(most, tokens.size())) {
    const std::size_t count = bells_.collect(tokens);
    for (std::size_t i = 0; i < count; ++i) {
      if (InboundLink* rung = link(static_cast<std::uint32_t>(tokens[i])); rung != nullptr)
        wake(*rung);
    }
    if (count < tokens.size()) return !ready_.empty();
  }
  bells_.raise();
  return !ready_.empty();
}

void Receiver::wake(InboundLink& link) {
  if (link.round == InboundLink::Round::Ready) return;
  if (link.round == InboundLink::Round::Drowsy) std::erase(drowsy_, &link);
  link.round = InboundLink::Round::Ready;
  ready_.push_back(&link);
}

void Receiver::receive(ReceiveBatch& batch) {
  batch.count = 0;
  batch.large_bytes = 0;
  large_slot_ = 0;
  turn_->renew();
  if (done_) return;
  std::size_t slab_used = 0;
  while (!ready_.empty() && batch.count < batch.messages.size() && batch.large_bytes == 0 &&
         slab_used < batch.slab.size()) {
    InboundLink& link = *ready_.front();
    ready_.pop_front();
    const std::size_t before = batch.count;
    read_round(link, batch, slab_used);
    // Nothing taken although there is something: the slab has no room left for it.
    if (batch.count == before && !ready_.empty() && ready_.back() == &link) break;
  }
  batch.used = slab_used;
  // Nothing to call taken() for.
  if (batch.count == 0 && batch.large_bytes == 0) touched_.clear();
}

// Reads one link's share and puts it where it belongs next. May close the link.
void Receiver::read_round(InboundLink& link, ReceiveBatch& batch, std::size_t& slab_used) {
  const std::size_t first = batch.count;
  const std::size_t slab_before = slab_used;
  begin_batch(link);
  // Half the ring at most, so that its sender can go on meanwhile.
  const std::uint64_t most = link.batch_from + link.ring().capacity() / 2;
  Step step = Step::Taken;
  while (step == Step::Taken && batch.count - first < kRoundMessages &&
         slab_used - slab_before < kRoundBytes) {
    const bool full = batch.count == batch.messages.size() || link.ring().head() >= most;
    step = full ? Step::BatchFull : take_one(link, batch, slab_used);
  }
  if (step == Step::Violation) {
    violate(link, violation_);
    return;
  }
  if (batch.count > first) link.ring().begin();
  note_owing(link);
  put_back(link, step);
}

// Where a link belongs after it was read, by how that ended. May close it.
void Receiver::put_back(InboundLink& link, Step step) {
  if (step == Step::Empty && link.sender_gone()) {
    close(link.slot());
  } else if (step == Step::Stalled) {
    link.round = InboundLink::Round::Stalled;
  } else if (step == Step::Empty) {
    link.round = InboundLink::Round::Drowsy;
    drowsy_.push_back(&link);
  } else if (step == Step::Large) {
    large_slot_ = link.slot();
    ready_.push_front(&link);
  } else {
    ready_.push_back(&link);
  }
}

Receiver::Step Receiver::take_one(InboundLink& link, ReceiveBatch& batch, std::size_t& slab_used) {
  violation_ = Status::ProtocolViolation;
  RingRecord record;
  switch (link.ring().peek(record)) {
    case RingRead::Empty:
      return observing_ ? finish_observed(link, batch, slab_used) : Step::Empty;
    case RingRead::Violation:
      return Step::Violation;
    case RingRead::Record:
      break;
  }
  if (observing_ || record.header.kind != RecordKind::Message) [[unlikely]]
    return take_observation(link, record, batch, slab_used);
  if (record.header.extension_words == 0 && record.header.object_count == 0)
    return take_plain(link, record, batch, slab_used);
  return take_extended(link, record, batch, slab_used);
}

// A record without anything beside its payload: most are.
Receiver::Step Receiver::take_plain(InboundLink& link, const RingRecord& record,
                                    ReceiveBatch& batch, std::size_t& slab_used) {
  const std::size_t bytes = record.header.payload_bytes;
  if (bytes >= batch.large_from) {
    batch.large_bytes = bytes;
    return Step::Large;
  }
  const std::size_t padded_bytes = padded(static_cast<std::uint32_t>(bytes));
  if (padded_bytes + 16 > batch.slab.size() - slab_used) return Step::BatchFull;
  ReceivedMessage& message = batch.messages[batch.count];
  message.offset = static_cast<std::uint32_t>(slab_used);
  if (bytes != 0) std::memcpy(batch.slab.data() + slab_used, record.payload, bytes);
  describe_plain(link, record, bytes, message);
  ++batch.count;
  slab_used += padded_bytes;
  return Step::Taken;
}

Receiver::Step Receiver::take_extended(InboundLink& link, const RingRecord& record,
                                       ReceiveBatch& batch, std::size_t& slab_used) {
  Extensions extensions;
  if (!copy_extensions(record, extensions)) return Step::Violation;
  if (const Step step = gather(link, record, extensions); step != Step::Taken) return step;
  std::span<const std::byte> payload;
  if (const Step step = find_payload(link, record, extensions, payload); step != Step::Taken)
    return step;
  if (payload.size() >= batch.large_from) {
    batch.large_bytes = payload.size();
    return Step::Large;
  }
  std::span<const std::byte> origin;
  if (!extensions.origin.empty() && !origins_.read(link.peer_id(), extensions, origin))
    return Step::Violation;
  const std::span<const std::byte> metadata = extensions.metadata;
  const std::size_t padded_bytes = padded(static_cast<std::uint32_t>(payload.size()));
  if (padded_bytes + metadata.size() + origin.size() + 16 > batch.slab.size() - slab_used)
    return Step::BatchFull;
  ReceivedMessage& message = batch.messages[batch.count];
  message.offset = static_cast<std::uint32_t>(slab_used);
  if (!payload.empty()) std::memcpy(batch.slab.data() + slab_used, payload.data(), payload.size());
  if (!describe(link, record, extensions, payload.size(), message)) return Step::Violation;
  ++batch.count;
  slab_used += padded_bytes;
  write_beside(metadata, origin, batch, message, slab_used);
  return Step::Taken;
}

void Receiver::write_beside(std::span<const std::byte> metadata, std::span<const std::byte> origin,
                            ReceiveBatch& batch, ReceivedMessage& message, std::size_t& slab_used) {
  if (!metadata.empty()) {
    std::memcpy(batch.slab.data() + slab_used, metadata.data(), metadata.size());
    slab_used += padded(message.metadata_bytes);
  }
  if (!origin.empty()) {
    message.origin_offset = static_cast<std::uint32_t>(slab_used);
    message.origin_bytes = static_cast<std::uint32_t>(origin.size());
    std::memcpy(batch.slab.data() + slab_used, origin.data(), origin.size());
    slab_used += padded(message.origin_bytes);
  }
}

// Read from a private copy. False: they break the protocol.
bool Receiver::copy_extensions(const RingRecord& record, Extensions& out) {
  const std::size_t bytes = std::size_t{record.header.extension_words} * 8;
  if (bytes == 0) return true;
  std::memcpy(extension_copy_.data(), record.extensions, bytes);
  return read_extensions({extension_copy_.data(), bytes}, out);
}

Receiver::Step Receiver::find_payload(InboundLink& link, const RingRecord& record,
                                      const Extensions& extensions,
                                      std::span<const std::byte>& out) {
  out = {record.payload, record.header.payload_bytes};
  if (!extensions.spill) return Step::Taken;
  const SpillReference& spill = *extensions.spill;
  if (spill.bytes > max_message_bytes_) {
    violation_ = Status::TooLarge;
    return Step::Violation;
  }
  out = link.spilled(spill);
  if (out.empty()) {
    if (link.ask_again(spill)) return Step::Stalled;
    if (link.lost_handles()) violation_ = Status::OutOfDescriptors;
    return Step::Violation;
  }
  return Step::Taken;
}

Receiver::Step Receiver::gather(InboundLink& link, const RingRecord& record,
                                const Extensions& extensions) {
  const std::size_t objects = record.header.object_count;
  if (!extensions.spill && extensions.regions.empty() && objects == 0) return Step::Taken;
  switch (link.gather(platform_, extensions, record.header.id, objects)) {
    case Status::ProtocolViolation:
      return Step::Violation;
    case Status::WouldBlock:
      return Step::BatchFull;
    default:
      return Step::Taken;
  }
}

bool Receiver::describe(InboundLink& link, const RingRecord& record, const Extensions& extensions,
                        std::size_t payload_bytes, ReceivedMessage& out) {
  forget_attachments(out);
  if (!take_attachments(link, record, extensions, out)) return false;
  advance_over(link, record, payload_bytes, out);
  out.reply_to = extensions.reply_to.value_or(0);
  out.metadata_bytes = static_cast<std::uint32_t>(extensions.metadata.size());
  return true;
}

void Receiver::describe_plain(InboundLink& link, const RingRecord& record,
                              std::size_t payload_bytes, ReceivedMessage& out) {
  forget_attachments(out);
  advance_over(link, record, payload_bytes, out);
}

// Removes the attachments of the message that used this place before; nearly always none.
void Receiver::forget_attachments(ReceivedMessage& out) noexcept {
  if (!out.regions.empty()) out.regions.clear();
  if (!out.objects.empty()) out.objects.clear();
  out.regions_lost = false;
  out.objects_lost = false;
}

// After its attachments were taken, which the ring's position tells from those of the next.
void Receiver::advance_over(InboundLink& link, const RingRecord& record, std::size_t payload_bytes,
                            ReceivedMessage& out) {
  out.link_slot = link.slot();
  out.from_id = link.peer_id();
  out.payload_bytes = static_cast<std::uint32_t>(payload_bytes);
  out.header = record.header;
  out.reply_to = 0;
  out.origin_bytes = 0;
  out.metadata_bytes = 0;
  link.ring().advance();
  out.position = link.ring().head();
  if ((out.header.flags & record_flag::kWantsHandled) != 0) link.expect_handled();
  ++received_messages;
  received_bytes += out.payload_bytes;
}

bool Receiver::take_attachments(InboundLink& link, const RingRecord& record,
                                const Extensions& extensions, ReceivedMessage& out) {
  if (!extensions.regions.empty()) {
    const Status taken = link.take_regions(extensions, out.regions);
    out.regions_lost = taken == Status::OutOfDescriptors;
    if (taken != Status::Ok && !out.regions_lost) {
      out.regions.clear();
      return false;
    }
  }
  if (record.header.object_count != 0) {
    auto objects = link.take_objects(record.header.id, record.header.object_count);
    out.objects_lost = !objects;
    if (objects) out.objects = std::move(*objects);
  }
  return true;
}

bool Receiver::rouse() {
  std::erase_if(drowsy_, [this](InboundLink* link) {
    if (!link->ring().has_more()) return false;
    link->round = InboundLink::Round::Ready;
    ready_.push_back(link);
    return true;
  });
  return !ready_.empty();
}

bool Receiver::worth_spinning(std::uint32_t cpu) const noexcept {
  return !drowsy_.empty() && std::none_of(drowsy_.begin(), drowsy_.end(), [cpu](InboundLink* link) {
    return link->ring().producer_cpu() == cpu;
  });
}

// A sender wakes an observer for lost copies as for a record.
bool Receiver::prepare_sleep(InboundLink& link) const noexcept {
  if (!link.ring().prepare_sleep()) return false;
  if (!observing_ || link.ring().lost() <= link.lost_reported) return true;
  link.ring().cancel_sleep();
  return false;
}

bool Receiver::sleep() {
  for (InboundLink* link : drowsy_) {
    if (!link->sender_gone() && prepare_sleep(*link)) {
      link->round = InboundLink::Round::Asleep;
    } else {
      link->round = InboundLink::Round::Ready;
      ready_.push_back(link);
    }
  }
  drowsy_.clear();
  return done_ || ready_.empty();
}

void Receiver::note_owing(const InboundLink& link) {
  if (link.owes()) events_.on_owing();
}

bool Receiver::repeat_owed() {
  bool all_sent = true;
  for (auto& [slot, link] : links_) {
    if (link->owes()) link->repeat_owed();
    all_sent = all_sent && !link->owes();
  }
  return all_sent;
}

InboundLink* Receiver::link(std::uint32_t slot) noexcept {
  const auto found = links_.find(slot);
  return found == links_.end() ? nullptr : found->second.get();
}

void Receiver::violate(InboundLink& link, Status why) {
  const Violation violation{link.peer_id(), link.peer_pid(), why};
  link.refuse(why);
  close(link.slot());
  events_.on_violation(violation);
}

void Receiver::close(std::uint32_t slot) {
  const auto found = links_.find(slot);
  if (found == links_.end()) return;
  InboundLink* link = found->second.get();
  std::erase(ready_, link);
  std::erase(drowsy_, link);
  bells_.remove(slot);
  std::unique_ptr<InboundLink> closed = std::move(found->second);
  links_.erase(found);
  if (slot == borrowed_slot_) {
    // Somebody reads in it. Its channel has nothing more to tell.
    events_.on_sender_gone(*closed);
    borrowed_link_ = std::move(closed);
    return;
  }
  events_.on_closed(std::move(closed));
}

void Receiver::close_all() {
  while (!links_.empty()) close(links_.begin()->first);
}

}  // namespace busbar
