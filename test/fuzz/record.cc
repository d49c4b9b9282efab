// Records and their extensions, as read from queues, and written again.
#include "core/ring/record.h"

#include <algorithm>

#include "base/limits.h"
#include "fuzz.h"

namespace {

using namespace busbar;

// What was read can be sent on: the metadata always, whatever it goes with.
void require_same_again(const Extensions& extensions) {
  OutgoingMessage message;
  message.extensions = extensions;
  std::vector<std::byte> record(record_bytes(message));
  write_record(message, record.data());
  const auto again = parse_record(record);
  fuzzing::require(again.has_value());
  fuzzing::require(std::ranges::equal(again->extensions.metadata, extensions.metadata));
  fuzzing::require(again->extensions.reply_to == extensions.reply_to);
}

}  // namespace

FUZZ(bytes) {
  Extensions extensions;
  if (read_extensions(bytes, extensions)) {
    fuzzing::touch(extensions.origin);
    fuzzing::touch(extensions.metadata);
    fuzzing::require(extensions.metadata.size() <= kMaxMetadataBytes);
    for (std::size_t i = 0; i < extensions.region_count(); ++i) (void)extensions.region(i);
    require_same_again(extensions);
  }
  const auto record = parse_record(bytes);
  if (!record) return;
  fuzzing::touch(record->payload);
  fuzzing::touch(record->extensions.origin);
  fuzzing::touch(record->extensions.metadata);
  fuzzing::require(record->payload.size() == record->header.payload_bytes);
}
