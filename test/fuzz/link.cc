// The receiving end of a link with a hostile sender: its frames on the channel, the handles that it
// sends, and the extensions of its records.
#include <cstring>
#include <vector>

#include "core/link/inbound_link.h"
#include "core/link/link_frame.h"
#include "core/region/region_ledger.h"
#include "core/ring/ring_producer.h"
#include "fuzz.h"
#include "loopback/loopback_world.h"

namespace busbar::fuzzing {
namespace {

constexpr std::uint64_t kRegionBytes = 8192;

class HostileSender {
 public:
  HostileSender()
      : sender_(world_.start_process(1)),
        receiver_(world_.start_process(2)),
        regions_(receiver_),
        bells_(receiver_.create_doorbell_set().take()) {
    auto ring = sender_.create_memory(kRingHeaderBytes + kMinRingBytes, Access::ReadOnly).take();
    auto segment = sender_.create_memory(kConsumerSegmentBytes, Access::ReadWrite).take();
    auto pair = sender_.create_channel_pair(sender_.self().pid).take();
    auto bell = sender_.create_doorbell().take();
    channel_ = std::move(pair.mine);
    producer_.emplace(ring->data(), segment->data(), kMinRingBytes, 3);
    std::vector<Handle> handles;
    handles.push_back(ring->share().take());
    handles.push_back(segment->share().take());
    handles.push_back(bell->share().take());
    handles.push_back(std::move(pair.theirs));
    auto attached = InboundLink::attach(receiver_, regions_, *bells_, 1, 9, 1, 3, kMinRingBytes,
                                        std::move(handles));
    if (attached) link_ = attached.take();
    kept_.push_back(std::move(ring));
    kept_.push_back(std::move(segment));
  }

  void run(Source& source) {
    for (int step = 0; step < 64 && !source.empty() && link_ != nullptr; ++step) {
      if (source.u8() % 2 == 0) {
        say(source);
      } else {
        write(source);
      }
      if (link_->receive(receiver_) == Status::ProtocolViolation) return;
      if (!read()) return;
    }
  }

 private:
  // Sends one datagram: raw bytes, or a frame with plausible numbers; and some handles.
  void say(Source& source) {
    LinkFrame frame;
    frame.kind = static_cast<LinkFrameKind>(source.u8() % 12);
    frame.number = source.u8() % 4;
    frame.bytes = source.u8() % 4 == 0 ? source.u16() : kRegionBytes;
    if (frame.kind == LinkFrameKind::ObjectsOfSeveral) share_objects(source, frame);
    std::vector<std::byte> bytes = encode(frame);
    if (source.u8() % 8 == 0) {
      const auto raw = source.take(source.u8());
      bytes.assign(raw.begin(), raw.end());
    }
    std::vector<Handle> handles = some_handles(source, frame);
    std::vector<const Handle*> pointers;
    pointers.reserve(handles.size());
    for (const Handle& handle : handles) pointers.push_back(&handle);
    if (!bytes.empty()) (void)channel_->send(bytes, pointers);
  }

  // Mostly as a sender does.
  static void share_objects(Source& source, LinkFrame& frame) {
    frame.number = source.u8() % 5;
    frame.bytes = source.u8() % 8;
    frame.shares.resize(source.u8() % 5);
    for (ObjectShare& share : frame.shares) {
      share.message_id = source.u8() % 4;
      share.objects = source.u8() % 4;
    }
    if (source.u8() % 4 == 0) return;
    frame.number = frame.shares.size();
    frame.bytes = 0;
    for (const ObjectShare& share : frame.shares) frame.bytes += share.objects;
  }

  std::vector<Handle> some_handles(Source& source, const LinkFrame& frame) {
    std::vector<Handle> handles;
    const std::size_t count = source.u8() % 5;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t kind = source.u8() % 4;
      if (kind == 3) {
        handles.push_back(sender_.create_channel_pair(sender_.self().pid).take().theirs);
        continue;
      }
      const std::size_t bytes = kind == 0 ? kRegionBytes : kind == 1 ? kLedgerBytes : 4096;
      auto memory = sender_.create_memory(bytes, Access::ReadWrite).take();
      if (kind == 1)
        RegionLedger::initialize(memory->data(), frame.number, frame.bytes, source.u8() % 2 == 0);
      handles.push_back(memory->share().take());
    }
    return handles;
  }

  // Writes a record with a valid header.
  void write(Source& source) {
    std::vector<RegionMention> mentions(source.u8() % 4);
    for (RegionMention& mention : mentions) {
      mention.region_id = source.u8() % 4;
      mention.offset = source.u8() % 3 == 0 ? ~std::uint64_t{source.u8()} : source.u16();
      mention.bytes = source.u8() % 3 == 0 ? ~std::uint64_t{source.u8()} : source.u16();
    }
    OutgoingMessage message;
    message.id = source.u8() % 4;
    message.object_count = source.u8() % 3;
    message.extensions.regions = std::as_bytes(std::span(mentions));
    if (source.u8() % 3 == 0)
      message.extensions.spill = SpillReference{source.u8() % 4U, source.u16(), source.u16()};
    const auto bytes = static_cast<std::uint32_t>(record_bytes(message));
    std::byte* place = producer_->reserve(bytes);
    if (place == nullptr) return;
    write_record(message, place);
    (void)producer_->commit(bytes);
    producer_->publish();
    (void)producer_->refresh_head();
  }

  bool read() {
    RingRecord record;
    while (link_->ring().peek(record) == RingRead::Record) {
      Extensions extensions;
      if (!read_extensions({record.extensions, std::size_t{record.header.extension_words} * 8},
                           extensions))
        return false;
      const std::size_t objects = record.header.object_count;
      if (link_->gather(receiver_, extensions, record.header.id, objects) ==
          Status::ProtocolViolation)
        return false;
      if (extensions.spill) touch(link_->spilled(*extensions.spill));
      std::vector<RegionReference> regions;
      const Status taken = link_->take_regions(extensions, regions);
      for (const RegionReference& region : regions) touch(region.data());
      if (taken == Status::ProtocolViolation) return false;
      (void)link_->take_objects(record.header.id, objects);
      link_->ring().advance();
      link_->release();
    }
    return true;
  }

  LoopbackWorld world_;
  Platform& sender_;
  Platform& receiver_;
  RegionTable regions_;
  std::unique_ptr<DoorbellSet> bells_;
  std::unique_ptr<Channel> channel_;
  std::optional<RingProducer> producer_;
  std::vector<std::unique_ptr<SharedMemory>> kept_;
  std::unique_ptr<InboundLink> link_;
};

}  // namespace
}  // namespace busbar::fuzzing

FUZZ(bytes) {
  busbar::fuzzing::Source source(bytes);
  busbar::fuzzing::HostileSender sender;
  sender.run(source);
}
