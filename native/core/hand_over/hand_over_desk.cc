// Reads the messages that are handed over, slice by slice.
#include "core/hand_over/hand_over_desk.h"

#include <utility>

namespace busbar {
namespace {

// Takes some tenths of a millisecond.
constexpr std::size_t kSliceBytes = std::size_t{512} << 10U;
constexpr std::size_t kSliceMessages = 128;

// The process whose quota a message counts against.
[[nodiscard]] std::uint32_t process_of(const ParkedMessage& message,
                                       const HandOverSource& from) noexcept {
  const auto origin = decode_origin(message.origin);
  return origin ? origin->pid : from.who.pid;
}

// Its label may have changed since the message was sent.
[[nodiscard]] bool is_own(const ParkedMessage& message, const HandOverSource& from) noexcept {
  const auto origin = decode_origin(message.origin);
  return !origin || (origin->id == from.who.id && origin->pid == from.who.pid);
}

}  // namespace

void HandOverDesk::put(HandOverSource from, std::unique_ptr<SharedMemory> memory,
                       std::uint64_t bytes) {
  waiting_.push_back(std::make_unique<Waiting>(std::move(from), std::move(memory), bytes));
}

HandOverReader::Verdict HandOverDesk::judge(Waiting& waiting, const ParkedMessage& head,
                                            std::uint64_t payload_bytes) const {
  // A message in another endpoint's name.
  if (!waiting.from.speaks_for_others && !is_own(head, waiting.from))
    return HandOverReader::Verdict::Skip;
  const std::uint32_t pid = process_of(head, waiting.from);
  KeptMessages::Use& of_process = waiting.by_process[pid];
  if (!kept_.has_room(pid, payload_bytes, of_process, waiting.all))
    return HandOverReader::Verdict::Stop;
  const std::uint64_t bytes = payload_bytes + head.program.bytes().size() + head.origin.size();
  of_process += {1, bytes};
  waiting.all += {1, bytes};
  return HandOverReader::Verdict::Take;
}

std::optional<HandOverDesk::Finished> HandOverDesk::work() {
  Waiting& first = *waiting_.front();
  const HandOverReader::Step step = first.reader.read(
      kSliceBytes, kSliceMessages,
      [this, &first](const ParkedMessage& head, std::uint64_t payload_bytes) {
        return judge(first, head, payload_bytes);
      },
      first.messages);
  if (step == HandOverReader::Step::More) return std::nullopt;
  Finished finished{std::move(first.from), step == HandOverReader::Step::Broken,
                    std::move(first.messages)};
  if (finished.broken) finished.messages.clear();
  waiting_.pop_front();
  return finished;
}

void HandOverDesk::keep(Finished finished) {
  for (ParkedMessage& message : finished.messages) {
    const std::uint32_t pid = process_of(message, finished.from);
    if (message.origin.empty() || !finished.from.speaks_for_others)
      message.origin = encode(finished.from.who);
    kept_.add(pid, std::move(message));
  }
}

}  // namespace busbar
