// Messages into a link: into the ring while there is room, behind it otherwise; before its record,
// the receiver gets what the record refers to.
#include <cstring>
#include <utility>

#include "core/link/outbound_link.h"

namespace busbar {
namespace {

// As kMaxProgressLooks, for a receiver that is faster than this sender.
constexpr int kMaxPuttingLooks = 64;

}  // namespace

bool OutboundLink::has_room(std::uint64_t bytes, std::uint64_t spill_bytes, std::size_t objects) {
  if (!obligations_.has_room(spill_bytes, objects)) {
    obligations_.release_taken();
    if (!obligations_.has_room(spill_bytes, objects)) {
      // Ask to be woken, so that a refused sender hears when there is room.
      obligations_.arm_quiet();
      if (arm_wakes()) return false;
      obligations_.release_taken();
      if (!obligations_.has_room(spill_bytes, objects)) return false;
    }
  }
  if (has_queue_room(bytes)) return true;
  send_gathered();
  if (has_queue_room(bytes) || (flush_queue() && has_queue_room(bytes))) return true;
  return obligations_.drop_taken_quiet(1) && has_queue_room(bytes);
}

bool OutboundLink::may_share(std::size_t payload_bytes) noexcept {
  const auto fits = [this, payload_bytes] {
    return obligations_.may_share() && waiting_bytes() + payload_bytes <= queue_limit_;
  };
  return fits() || (obligations_.drop_taken_quiet(1) && fits());
}

bool OutboundLink::has_queue_room(std::uint64_t bytes) noexcept {
  if (!queue_.empty() && waiting_bytes() + bytes > queue_limit_) return false;
  // Where the other links have used everything up, what goes at once may still go.
  return queue_.may_grow(bytes) ||
         (queue_.empty() && !reserved_ &&
          producer_.reserve(static_cast<std::uint32_t>(bytes)) != nullptr);
}

void OutboundLink::track(const OutgoingMessage& message, const Obligation* obligation) {
  ++accepted_;
  if (obligation == nullptr) return;
  flights_.begin_waiting(obligation->memory.get());
  obligations_.track(accepted_, message, *obligation);
}

void OutboundLink::untrack_last(const Obligation* obligation) {
  --accepted_;
  if (obligation == nullptr) return;
  flights_.end_waiting(obligation->memory.get());
  obligations_.untrack_last();
}

void OutboundLink::put(const OutgoingMessage& message, const Obligation* obligation) {
  track(message, obligation);
  obligations_.drop_taken_quiet();
  // The receiver can make room only of what it sees.
  producer_.publish();
  const auto bytes = static_cast<std::uint32_t>(record_bytes(message));
  if (gathers(obligation, bytes)) {
    write_record(message, queue_.append(bytes));
    if (++gathered_ == kGathered) send_gathered();
    return;
  }
  if (!queue_.empty()) (void)flush_queue();
  if (!queue_.empty() || !publish_now(message, obligation))
    write_record(message, queue_.append(bytes));
  await_progress();
}

// Whether a message waits for the next ones, so that its objects go with theirs.
bool OutboundLink::gathers(const Obligation* obligation, std::uint64_t bytes) noexcept {
  if (obligation == nullptr || obligation->objects == nullptr || reserved_) return false;
  if (++put_this_turn_ <= kPublishedAtOnce) return false;
  return (queue_.empty() || gathered_ != 0) && queue_.may_grow(bytes);
}

void OutboundLink::send_gathered() {
  if (gathered_ == 0) return;
  (void)flush_queue();
  await_progress();
}

// Asks to be woken for what waits; what is there meanwhile goes on.
void OutboundLink::await_progress() {
  for (int looks = 1; !arm_wakes(); ++looks) {
    if (!producer_.refresh_head()) {
      // Nonsense, which the control thread finds, too.
      progress_due_ = true;
      return;
    }
    // The receiver is faster than we: what is waited for is there. Reporting it is the control
    // thread's work.
    const bool dropped = obligations_.drop_taken_quiet(1);
    if ((!flush_queue() && !dropped) || looks == kMaxPuttingLooks) {
      progress_due_ = true;
      return;
    }
  }
}

std::byte* OutboundLink::reserve_payload(std::size_t payload_bytes,
                                         std::size_t metadata_bytes) noexcept {
  send_gathered();
  if (!queue_.empty() || reserved_) return nullptr;
  const std::size_t before = sizeof(RecordHeader) + metadata_extension_bytes(metadata_bytes);
  std::byte* place = producer_.reserve(static_cast<std::uint32_t>(before + payload_bytes));
  if (place == nullptr) return nullptr;
  reserved_ = true;
  // Next in line from now on, whatever is accepted before it is committed.
  ++accepted_;
  return place + before;
}

void OutboundLink::commit_reserved(const SimpleMessage& message, std::byte* payload) noexcept {
  const std::uint32_t extension = extension_bytes(message);
  std::byte* record = payload - extension - sizeof(RecordHeader);
  write_plain_header(message, record, extension);
  if (extension != 0)
    write_simple_extensions(message.reply_to, message.metadata, record + sizeof(RecordHeader));
  note_published(static_cast<std::uint32_t>(record_bytes(message)), 0);
  end_reservation();
}

void OutboundLink::cancel_reserved() noexcept {
  abandon_reservation();
  end_reservation();
}

// The reserved message was next in line and never comes: the one behind it is next now.
void OutboundLink::abandon_reservation() noexcept {
  if (std::exchange(reserved_, false)) ++published_;
}

// Messages that came meanwhile go on; the control thread moves those that cannot yet.
void OutboundLink::end_reservation() noexcept {
  reserved_ = false;
  progress_due_ = progress_due_ || flush_queue() || !flushed();
}

// The message that queued first asked to be woken when the ring has room; no need to look at it
// now.
bool OutboundLink::queue_behind(const SimpleMessage& message) {
  if (gathered_ != 0) {
    send_gathered();
    if (queue_.empty()) return false;
  }
  const auto bytes = static_cast<std::uint32_t>(record_bytes(message));
  if (waiting_bytes() + bytes > queue_limit_ || !queue_.may_grow(bytes)) return false;
  ++accepted_;
  write_simple_record(message, queue_.append(bytes));
  return true;
}

bool OutboundLink::publish_now(const OutgoingMessage& message, const Obligation* obligation) {
  const auto bytes = static_cast<std::uint32_t>(record_bytes(message));
  if (reserved_) return false;
  // First the place: objects cannot be taken back once they are under way.
  std::byte* place = producer_.reserve(bytes);
  if (place == nullptr) return false;
  if (obligation != nullptr && !hand_over(*obligations_.next(published_ + 1))) return false;
  write_record(message, place);
  note_published(bytes, obligation == nullptr ? 0 : obligation->spill_bytes);
  return true;
}

bool OutboundLink::flush_queue() {
  gathered_ = 0;
  bool moved = false;
  while (!queue_.empty() && publish_front()) moved = true;
  return moved;
}

bool OutboundLink::publish_front() {
  const std::span<const std::byte> record = queue_.front();
  const auto bytes = static_cast<std::uint32_t>(record.size());
  std::byte* place = reserved_ ? nullptr : producer_.reserve(bytes);
  if (place == nullptr) return false;
  auto* tracked = obligations_.next(published_ + 1);
  const std::uint64_t spilled = tracked == nullptr ? 0 : tracked->obligation.spill_bytes;
  if (tracked != nullptr && !hand_over(*tracked)) return false;
  std::memcpy(place, record.data(), bytes);
  note_published(bytes, spilled);
  queue_.pop_front();
  return true;
}

// A record of `bytes` is whole at the reserved place; `spilled` bytes of it lie elsewhere.
void OutboundLink::note_published(std::uint32_t bytes, std::uint64_t spilled) noexcept {
  obligations_.note_published(++published_, producer_.commit(bytes));
  producer_.publish();
  unrung_bytes_ += bytes + spilled;
  ++unrung_messages_;
}

bool OutboundLink::hand_over(Obligations::Tracked& next) {
  const Obligation& obligation = next.obligation;
  if (obligation.spill != nullptr && !spills_.hand_over(*obligation.spill)) return false;
  if (obligation.memory != nullptr && !flights_.hand_over(*obligation.memory)) {
    if (flights_.full()) obligations_.await_taken();
    return false;
  }
  if (obligation.objects != nullptr && !hand_over_objects(next)) return false;
  // The record is published next, so what is booked now is under way.
  if (obligation.memory != nullptr) flights_.book(*obligation.memory);
  return true;
}

// With those of the messages that queue behind it: the system call costs more than they do.
bool OutboundLink::hand_over_objects(const Obligations::Tracked& next) {
  // They went with those of an earlier message.
  if (next.given != 0) return true;
  const auto givable = obligations_.givable();
  if (givable.empty()) return false;
  LinkFrame frame{LinkFrameKind::Objects, next.id, 0};
  std::vector<const Handle*> handles;
  for (const Obligations::Tracked* each : givable) {
    const std::vector<Handle>& objects = each->obligation.objects->handles;
    for (const Handle& handle : objects) handles.push_back(&handle);
    if (givable.size() > 1)
      frame.shares.push_back({each->id, static_cast<std::uint8_t>(objects.size())});
  }
  frame.bytes = handles.size();
  if (givable.size() > 1) {
    frame.kind = LinkFrameKind::ObjectsOfSeveral;
    frame.number = givable.size();
  }
  if (!channel_.send(frame, handles)) return false;
  for (Obligations::Tracked* each : givable) obligations_.note_given(*each);
  return true;
}

}  // namespace busbar
