// What an observer reads: copies of messages, and how many of them were lost.
#include <cstring>

#include "core/endpoint/receiver.h"
#include "core/ring/observation.h"

namespace busbar {
Receiver::Step Receiver::take_observation(InboundLink& link, const RingRecord& record,
                                          ReceiveBatch& batch, std::size_t& slab_used) {
  const RecordHeader& header = record.header;
  if (!observing_ || header.kind != RecordKind::Observation || header.object_count != 0 ||
      header.region_count != 0 || header.flags != 0 || header.payload_bytes > kMaxObservationBytes)
    return Step::Violation;
  Extensions extensions;
  std::span<const std::byte> origin;
  if (!copy_extensions(record, extensions) || extensions.spill || !extensions.regions.empty() ||
      !origins_.read(link.peer_id(), extensions, origin))
    return Step::Violation;
  const std::span<const std::byte> metadata = extensions.metadata;
  const std::size_t needed = padded(header.payload_bytes) + metadata.size() + origin.size() + 16;
  if (needed > batch.slab.size() - slab_used) return Step::BatchFull;
  const std::span<std::byte> copy = batch.slab.subspan(slab_used, header.payload_bytes);
  if (!copy.empty()) std::memcpy(copy.data(), record.payload, copy.size());
  auto head = read_observation(copy);
  if (!head) return Step::Violation;
  // First what was lost before it.
  if (head->lost > link.lost_reported) return report_lost(link, head->lost, batch, slab_used);
  head->lost = 0;
  std::memcpy(copy.data(), &*head, sizeof *head);
  ReceivedMessage& message = batch.messages[batch.count];
  message.offset = static_cast<std::uint32_t>(slab_used);
  if (!describe(link, record, extensions, header.payload_bytes, message)) return Step::Violation;
  ++batch.count;
  slab_used += padded(header.payload_bytes);
  write_beside(metadata, origin, batch, message, slab_used);
  return Step::Taken;
}

// The link is read empty. The count is read before a second look at the ring, so that it is not
// ahead of what the sender has copied meanwhile.
Receiver::Step Receiver::finish_observed(InboundLink& link, ReceiveBatch& batch,
                                         std::size_t& slab_used) {
  const std::uint64_t lost = link.ring().lost();
  // In the next round, or a sender that moves its position to and fro could keep us here.
  if (link.ring().has_more()) return Step::BatchFull;
  if (lost <= link.lost_reported) return Step::Empty;
  if (lost > kMaxObservedNumber) return Step::Violation;
  return report_lost(link, lost, batch, slab_used);
}

Receiver::Step Receiver::report_lost(InboundLink& link, std::uint64_t lost, ReceiveBatch& batch,
                                     std::size_t& slab_used) {
  if (sizeof(ObservationHead) > batch.slab.size() - slab_used) return Step::BatchFull;
  const ObservationHead head{.lost = lost - link.lost_reported, .event = ObservationEvent::Lost};
  std::memcpy(batch.slab.data() + slab_used, &head, sizeof head);
  ReceivedMessage& message = batch.messages[batch.count++];
  message.link_slot = link.slot();
  message.from_id = link.peer_id();
  message.offset = static_cast<std::uint32_t>(slab_used);
  message.payload_bytes = sizeof head;
  message.header = RecordHeader();
  message.header.kind = RecordKind::Observation;
  message.header.payload_bytes = sizeof head;
  message.reply_to = 0;
  message.origin_bytes = 0;
  message.metadata_bytes = 0;
  message.position = link.ring().head();
  slab_used += sizeof head;
  link.lost_reported = lost;
  return Step::Taken;
}

}  // namespace busbar
