// Messages that a leaving member hands over, and their origins: read whole and in pieces, kept,
// passed on, and written as records, which their receivers must be able to read.
#include <algorithm>

#include "core/hand_over/hand_over.h"
#include "core/hand_over/kept_messages.h"
#include "core/ring/record.h"
#include "fuzz.h"

namespace {

using namespace busbar;

// Requires that a receiver can parse the record, with the origin that was handed over.
void require_readable(const ParkedMessage& message) {
  OutgoingMessage outgoing;
  outgoing.payload = message.payload;
  outgoing.extensions.expires_at_ms = message.expires_at_ms;
  outgoing.extensions.reply_to = message.reply_to;
  outgoing.extensions.spill = SpillReference{1, 2, 3};
  outgoing.extensions.origin = message.origin;
  outgoing.extensions.metadata = message.metadata;
  std::vector<std::byte> record(record_bytes(outgoing));
  write_record(outgoing, record.data());
  const auto parsed = parse_record(record);
  fuzzing::require(parsed.has_value());
  fuzzing::require(std::ranges::equal(parsed->extensions.metadata, message.metadata));
  fuzzing::require(parsed->extensions.origin.empty() == message.origin.empty());
  if (message.origin.empty()) return;
  const auto origin = decode_origin(parsed->extensions.origin);
  fuzzing::require(origin.has_value() && encode(*origin) == message.origin);
}

// Reads in pieces, as a controller does.
std::vector<ParkedMessage> read_in_pieces(std::span<const std::byte> bytes) {
  std::vector<ParkedMessage> messages;
  HandOverReader reader(bytes);
  const auto judge = [](const ParkedMessage& head, std::uint64_t) {
    return head.reply_to == 7 ? HandOverReader::Verdict::Skip : HandOverReader::Verdict::Take;
  };
  for (auto step = HandOverReader::Step::More; step == HandOverReader::Step::More;)
    step = reader.read(13, 2, judge, messages);
  return messages;
}

}  // namespace

FUZZ(bytes) {
  KeptMessages kept(100, 1U << 20U);
  for (ParkedMessage& message : read_in_pieces(bytes)) {
    if (kept.has_room(1, message.payload.size(), {}, {})) kept.add(1, std::move(message));
  }
  HandOverWriter kept_writer;
  (void)kept.hand_over(kept_writer);
  for (const HandOver& portion : kept_writer.take())
    fuzzing::require(HandOverReader::read_all(portion.bytes).has_value());

  auto messages = HandOverReader::read_all(bytes);
  if (!messages) return;
  Budget budget(1U << 20U);
  ParkedMessages parked(kMaxParkedMessages, 1U << 20U, budget);
  for (ParkedMessage& message : *messages) {
    fuzzing::touch(message.payload);
    require_readable(message);
    if (parked.has_room(message.payload.size())) parked.park(std::move(message));
  }
  HandOverWriter writer;
  parked.hand_over({}, writer);
  for (const HandOver& portion : writer.take()) {
    const auto again = HandOverReader::read_all(portion.bytes);
    fuzzing::require(again.has_value() && again->size() == portion.messages);
  }
}
