// Messages that are read where they lie: those that are borrowed, and large ones, which are copied
// from there without the lock.
#include <algorithm>
#include <utility>

#include "core/endpoint/receiver.h"

namespace busbar {

bool Receiver::borrow(ReceivedMessage& out, std::span<const std::byte>& out_payload) {
  turn_->renew();
  if (done_) return false;
  // No more than each once: some wait for what the next turn brings.
  for (std::size_t most = ready_.size(); most > 0 && !ready_.empty(); --most) {
    InboundLink& link = *ready_.front();
    ready_.pop_front();
    const Step step = borrow_one(link, out, out_payload);
    if (step == Step::Violation) {
      violate(link, violation_);
      continue;
    }
    put_back(link, step);
    if (step != Step::Taken) continue;
    link.ring().begin();
    link.ring().seen_word().store(static_cast<std::uint32_t>(out.position),
                                  std::memory_order_relaxed);
    borrowed_slot_ = link.slot();
    return true;
  }
  return false;
}

Receiver::Step Receiver::borrow_one(InboundLink& link, ReceivedMessage& out,
                                    std::span<const std::byte>& out_payload) {
  violation_ = Status::ProtocolViolation;
  RingRecord record;
  const RingRead read = link.ring().peek(record);
  if (read != RingRead::Record) return read == RingRead::Empty ? Step::Empty : Step::Violation;
  if (record.header.kind != RecordKind::Message) return Step::Violation;
  Extensions extensions;
  if (!copy_extensions(record, extensions)) return Step::Violation;
  if (const Step step = gather(link, record, extensions); step != Step::Taken) return step;
  if (const Step step = find_payload(link, record, extensions, out_payload); step != Step::Taken)
    return step;
  if (extensions.spill) borrowed_memory_ = link.spilled_memory(*extensions.spill);
  std::span<const std::byte> origin;
  if (!origins_.read(link.peer_id(), extensions, origin) ||
      !describe(link, record, extensions, out_payload.size(), out))
    return Step::Violation;
  out.origin_bytes = origins_.keep(origin);
  metadata_ = extensions.metadata;
  return Step::Taken;
}

void Receiver::return_borrowed() {
  InboundLink* found = link(std::exchange(borrowed_slot_, 0));
  borrowed_memory_.reset();
  if (found != nullptr) {
    found->release();
    note_owing(*found);
  }
  if (borrowed_link_ != nullptr) events_.on_closed(std::move(borrowed_link_));
}

bool Receiver::borrow_large(std::size_t bytes, ReceivedMessage& out,
                            std::span<const std::byte>& out_payload) {
  InboundLink* found = link(std::exchange(large_slot_, 0));
  if (found == nullptr || done_) return false;
  begin_batch(*found);
  Step step = borrow_one(*found, out, out_payload);
  if (step == Step::Taken && out_payload.size() != bytes) {
    violation_ = Status::ProtocolViolation;
    step = Step::Violation;
  }
  if (step == Step::Taken) {
    borrowed_slot_ = found->slot();
    return true;
  }
  touched_.clear();
  borrowed_memory_.reset();
  std::erase(ready_, found);
  if (step == Step::Violation) {
    violate(*found, violation_);
  } else {
    put_back(*found, step);
  }
  return false;
}

void Receiver::finish_large() {
  InboundLink* found = link(std::exchange(borrowed_slot_, 0));
  borrowed_memory_.reset();
  if (found != nullptr) {
    found->ring().begin();
    note_owing(*found);
  }
  if (borrowed_link_ != nullptr) events_.on_closed(std::move(borrowed_link_));
}

}  // namespace busbar
