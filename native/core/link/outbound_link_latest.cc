// Messages with a key: only the newest of each key waits for a slow receiver.
#include <utility>

#include "core/link/outbound_link.h"

namespace busbar {

bool OutboundLink::has_room_for(std::string_view key, std::uint64_t bytes) {
  if (!latest_.has_room(key, producer_.head())) return false;
  if (!latest_.empty() && latest_.bytes() + bytes > queue_limit_) return false;
  return queue_.may_grow(bytes) ||
         (queue_.empty() && !reserved_ && latest_.is_free(key, producer_.head()) &&
          producer_.reserve(static_cast<std::uint32_t>(bytes)) != nullptr);
}

std::optional<Obligation> OutboundLink::put_latest(std::string_view key,
                                                   const OutgoingMessage& message,
                                                   const Obligation* obligation) {
  obligations_.drop_taken_quiet();
  send_gathered();
  producer_.publish();
  (void)producer_.refresh_head();
  std::optional<LatestValues<Obligation>::Waiting> replaced;
  // Behind the queue: what waits there was sent before.
  if (queue_.empty() && latest_.is_free(key, producer_.head()) &&
      publish_latest(message, obligation)) {
    latest_.note_published(key, producer_.tail());
  } else {
    LatestValues<Obligation>::Waiting waiting;
    waiting.record.resize(record_bytes(message));
    write_record(message, waiting.record.data());
    if (obligation != nullptr) waiting.owed = *obligation;
    flights_.begin_waiting(waiting.owed.memory.get());
    replaced = latest_.keep(key, std::move(waiting));
    if (replaced) flights_.end_waiting(replaced->owed.memory.get());
  }
  // The position waited for may be reached already: the control thread looks.
  if (!arm_wakes()) progress_due_ = true;
  if (!replaced) return std::nullopt;
  return std::move(replaced->owed);
}

// Into the ring or not at all: in the queue it could not be replaced any more.
bool OutboundLink::publish_latest(const OutgoingMessage& message, const Obligation* obligation) {
  track(message, obligation);
  if (publish_now(message, obligation)) return true;
  untrack_last(obligation);
  return false;
}

void OutboundLink::flush_latest() {
  if (!queue_.empty()) return;
  latest_.publish_free(
      producer_.head(),
      [this](LatestValues<Obligation>::Waiting& waiting) -> std::optional<std::uint64_t> {
        // Written by put_latest() and therefore whole.
        const auto record = parse_record(waiting.record);
        if (!record) return producer_.head();
        const OutgoingMessage message{
            {record->header.type, record->header.format, record->header.flags, record->header.route,
             record->header.id, record->payload},
            record->header.object_count,
            record->extensions};
        if (!publish_latest(message, waiting.owed.empty() ? nullptr : &waiting.owed)) {
          return std::nullopt;
        }
        flights_.end_waiting(waiting.owed.memory.get());
        return producer_.tail();
      });
}

}  // namespace busbar
