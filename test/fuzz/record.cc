// Records and their extensions, as read from queues.
#include "core/ring/record.h"

#include "fuzz.h"

FUZZ(bytes) {
  using namespace busbar;
  Extensions extensions;
  if (read_extensions(bytes, extensions)) {
    fuzzing::touch(extensions.origin);
    for (std::size_t i = 0; i < extensions.region_count(); ++i) (void)extensions.region(i);
  }
  const auto record = parse_record(bytes);
  if (!record) return;
  fuzzing::touch(record->payload);
  fuzzing::touch(record->extensions.origin);
  fuzzing::require(record->payload.size() == record->header.payload_bytes);
}
