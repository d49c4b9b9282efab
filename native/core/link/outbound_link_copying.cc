// Copies of messages for an observer, on its link: into the ring or nowhere.
#include <algorithm>
#include <cstring>

#include "core/link/outbound_link.h"

namespace busbar {
namespace {

// As for messages: for an observer that is faster than this sender.
constexpr int kMaxCopyLooks = 4;

}  // namespace

// Room, or nullptr: then the observer wakes the control thread when it has read half of the ring.
std::byte* OutboundLink::reserve_for_copy(std::uint32_t bytes) noexcept {
  for (int looks = 0; looks < kMaxCopyLooks; ++looks) {
    if (std::byte* place = producer_.reserve(bytes); place != nullptr) return place;
    // The observer can make room only of what it sees.
    producer_.publish();
    copies_full_ = true;
    if (arm_wakes()) return nullptr;
    copies_full_ = false;
  }
  // It writes positions that are no use, or reads as fast as this one writes.
  progress_due_ = true;
  return nullptr;
}

bool OutboundLink::put_copy(const ObservedMessage& message, std::uint64_t max_payload) noexcept {
  if (copies_full_) {
    lose();
    return false;
  }
  const std::uint32_t extension = extension_bytes(message.extensions);
  const std::size_t most_ids =
      std::min(message.receivers.size(), std::size_t{kMaxObservedReceivers});
  const std::uint64_t fixed = sizeof(RecordHeader) + extension + sizeof(ObservationHead);
  const std::uint64_t room = producer_.capacity() / 4 - fixed;
  ObservationHead head = message.head;
  head.named = static_cast<std::uint32_t>(std::min<std::uint64_t>(most_ids, room / 8));
  const std::uint64_t room_for_payload = room - std::uint64_t{head.named} * 8;
  head.copied = static_cast<std::uint32_t>(
      std::min({std::uint64_t{message.payload.size()}, max_payload, room_for_payload}));
  head.lost = lost_;
  const std::uint32_t ids = head.named * 8;
  const auto body = static_cast<std::uint32_t>(sizeof head) + ids + head.copied;

  RecordHeader header;
  header.bytes = static_cast<std::uint32_t>(sizeof header) + extension + body;
  header.kind = RecordKind::Observation;
  header.extension_words = static_cast<std::uint8_t>(extension / 8);
  header.type = message.type;
  header.id = message.id;
  header.format = message.format;
  header.payload_bytes = body;
  std::byte* place = reserve_for_copy(header.bytes);
  if (place == nullptr) {
    lose();
    return false;
  }
  std::memcpy(place, &header, sizeof header);
  place += sizeof header;
  if (extension != 0) write_extensions(message.extensions, place);
  place += extension;
  std::memcpy(place, &head, sizeof head);
  place += sizeof head;
  if (ids != 0) std::memcpy(place, message.receivers.data(), ids);
  if (head.copied != 0) std::memcpy(place + ids, message.payload.data(), head.copied);
  (void)producer_.commit(header.bytes);
  if (++put_this_turn_ <= kPublishedAtOnce || producer_.unpublished() >= kPublishBytes)
    producer_.publish();
  ++accepted_;
  ++published_;
  unrung_bytes_ += header.bytes;
  ++unrung_messages_;
  return true;
}

}  // namespace busbar
