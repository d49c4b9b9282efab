// Rows for JavaScript.
#include "node/receive_table.h"

#include <cstring>

namespace busbar::node {
namespace {

void write_u64(std::uint32_t* row, Column column, std::uint64_t value) noexcept {
  const auto at = static_cast<std::size_t>(column);
  row[at] = static_cast<std::uint32_t>(value);
  row[at + 1] = static_cast<std::uint32_t>(value >> 32U);
}

void write_u32(std::uint32_t* row, Column column, std::uint32_t value) noexcept {
  row[static_cast<std::size_t>(column)] = value;
}

}  // namespace

bool ReceiveTable::allocate(napi_env env) {
  // Plain C calls: where they fail, the C++ wrappers return empty values, and using an empty value
  // is fatal.
  constexpr std::size_t kTableWords = kMaxMessages * kWords + 1;
  napi_value buffer = nullptr;
  napi_value table = nullptr;
  void* words = nullptr;
  if (napi_create_arraybuffer(env, kTableWords * sizeof *table_, &words, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_uint32_array, kTableWords, buffer, 0, &table) != napi_ok) {
    return false;
  }
  table_reference_ = Napi::Persistent(Napi::Uint32Array(env, table));
  table_ = static_cast<std::uint32_t*>(words);
  return true;
}

void ReceiveTable::set_types(std::span<const Uuid> types) {
  types_.clear();
  for (const Uuid& type : types) types_.emplace(type, static_cast<std::uint32_t>(types_.size()));
  last_index_ = kUnknownType;
  last_type_ = Uuid{};
}

std::uint32_t ReceiveTable::type_index(const Uuid& type) noexcept {
  if (type == last_type_) return last_index_;
  const auto found = types_.find(type);
  last_type_ = type;
  last_index_ = found == types_.end() ? kUnknownType : found->second;
  return last_index_;
}

void ReceiveTable::write_rows(std::size_t count, std::uint32_t offset) noexcept {
  for (std::size_t i = 0; i < count; ++i) write_row(table_ + i * kWords, messages_[i], offset);
  table_[kMaxMessages * kWords] = 1;
}

void ReceiveTable::drop_attachments(std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (!messages_[i].objects.empty()) messages_[i].objects.clear();
    if (!messages_[i].regions.empty()) messages_[i].regions.clear();
  }
}

void ReceiveTable::write_row(std::uint32_t* row, const ReceivedMessage& message,
                             std::uint32_t offset) noexcept {
  write_u32(row, Column::Offset, offset + message.offset);
  write_u32(row, Column::Bytes, message.payload_bytes);
  write_u32(row, Column::Slot, message.link_slot);
  write_u32(row, Column::Type, type_index(message.header.type));
  const std::uint32_t flags =
      (message.header.flags & (record_flag::kWantsHandled | record_flag::kWantsTaken)) |
      (message.metadata_bytes << kRowMetadataShift) |
      (message.objects.empty() ? 0 : kRowHasObjects) |
      (message.objects_lost ? kRowObjectsLost : 0) |
      (message.regions.empty() ? 0 : kRowHasRegions) | (message.regions_lost ? kRowRegionsLost : 0);
  write_u32(row, Column::FormatAndFlags, message.header.format | (flags << 16U));
  write_u64(row, Column::Id, message.header.id);
  write_u64(row, Column::ReplyTo, message.reply_to);
  write_u32(row, Column::OriginOffset,
            message.origin_bytes == 0 ? kNone : offset + message.origin_offset);
  write_u64(row, Column::Position, message.position);
  std::memcpy(row + static_cast<std::size_t>(Column::TypeUuid), message.header.type.bytes.data(),
              16);
}

}  // namespace busbar::node
