// The wire form of an observer's conditions.
#include "core/directory/observer_conditions.h"

#include <cstring>
#include <utility>

#include "base/bytes.h"

namespace busbar {

Result<ObserverConditions> ObserverConditions::create(SelectorProgram match,
                                                      std::vector<Uuid> types,
                                                      std::uint64_t payload_bytes) {
  if (types.size() > kMaxObservedTypes || payload_bytes > kMaxObservedBytes)
    return Status::InvalidArgument;
  if (match.bytes().empty() || match.bytes().size() > kMaxObserverProgram)
    return Status::InvalidSelector;
  return ObserverConditions(std::move(match), std::move(types),
                            static_cast<std::uint32_t>(payload_bytes));
}

Result<ObserverConditions> ObserverConditions::decode(std::span<const std::byte> encoded) {
  ByteReader reader(encoded);
  const std::uint32_t payload_bytes = reader.u32();
  const std::size_t type_count = reader.u16();
  const std::size_t program_bytes = reader.u16();
  const std::span<const std::byte> uuids = reader.bytes(type_count * sizeof(Uuid));
  const std::span<const std::byte> program = reader.bytes(program_bytes);
  if (!reader.finished()) return Status::InvalidArgument;
  std::vector<Uuid> types(uuids.size() / sizeof(Uuid));
  if (!types.empty()) std::memcpy(static_cast<void*>(types.data()), uuids.data(), uuids.size());
  auto match = SelectorProgram::create(program);
  if (!match) return match.error();
  return create(match.take(), std::move(types), payload_bytes);
}

std::vector<std::byte> ObserverConditions::encode() const {
  std::vector<std::byte> out;
  ByteWriter writer(out);
  writer.u32(payload_bytes_);
  writer.u16(static_cast<std::uint16_t>(types_.size()));
  writer.u16(static_cast<std::uint16_t>(match_.bytes().size()));
  writer.bytes(std::as_bytes(std::span(types_)));
  writer.bytes(match_.bytes());
  return out;
}

}  // namespace busbar
