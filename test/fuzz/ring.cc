// A ring whose producer writes anything, even as the position of its end.
#include <cstring>
#include <memory>

#include "core/ring/ring_consumer.h"
#include "core/ring/ring_producer.h"
#include "fuzz.h"

FUZZ(bytes) {
  using namespace busbar;
  constexpr std::uint64_t kCapacity = kMinRingBytes;
  // Of exact size, so that a sanitizer notices any access beyond the end.
  const auto ring = std::make_unique<std::byte[]>(kRingHeaderBytes + kCapacity);
  const auto segment = std::make_unique<std::byte[]>(kConsumerSegmentBytes);
  const RingProducer producer(ring.get(), segment.get(), kCapacity, 1);
  RingConsumer consumer(ring.get(), segment.get(), kCapacity);
  fuzzing::Source source(bytes);
  auto* layout = reinterpret_cast<RingSegment*>(ring.get());
  for (int round = 0; round < 8 && !source.empty(); ++round) {
    const std::size_t at = source.u16() % kCapacity / 8 * 8;
    const auto content = source.take(source.u16());
    const std::size_t length = std::min<std::size_t>(content.size(), kCapacity - at);
    if (length != 0) std::memcpy(ring.get() + kRingHeaderBytes + at, content.data(), length);
    layout->tail.store(source.u8() % 8 == 0 ? ~0ULL - source.u16()
                                            : std::uint64_t{source.u16()} * 8);
    RingRecord record;
    for (int i = 0; i < 4096 && consumer.peek(record) == RingRead::Record; ++i) {
      fuzzing::touch({record.extensions, std::size_t{record.header.extension_words} * 8});
      fuzzing::touch({record.payload, record.header.payload_bytes});
      consumer.advance();
    }
    (void)consumer.release();
  }
}
