// ReceiveTable: the table that describes received messages to JavaScript: one call for a batch, 16
// words for a message, and one word by which JavaScript answers.
#pragma once

#include <napi.h>

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "base/uuid.h"
#include "core/endpoint/receiver.h"

namespace busbar::node {

// Words of one row; src/native/receive-table.ts has the same list.
enum class Column : std::uint8_t {
  Offset = 0,
  Bytes = 1,
  Slot = 2,
  // Index into the endpoint's message types; kUnknownType if the type is not among them.
  Type = 3,
  // The format in the low half, flags in the high half: kWantsHandled, kWantsTaken and the flags
  // below; the size of the metadata, which lies behind the payload and its padding, or at the
  // beginning of the slab if the payload is not in the slab.
  FormatAndFlags = 4,
  Id = 5,       // and 6, low word first
  ReplyTo = 7,  // and 8
  // Where the origin of the message is; kNone if the owner of the link sent it.
  OriginOffset = 9,
  Position = 10,  // and 11
  TypeUuid = 12,  // to 15, bytes in order
};

// In the flags, the metadata's size in bytes, in 8 bits.
inline constexpr std::uint32_t kRowMetadataShift = 4;
static_assert(kMaxMetadataBytes <= 0xFF);
// Flags of a row that no sender can set.
inline constexpr std::uint32_t kRowHasRegions = 1U << 12U;
inline constexpr std::uint32_t kRowRegionsLost = 1U << 13U;
inline constexpr std::uint32_t kRowHasObjects = 1U << 14U;
inline constexpr std::uint32_t kRowObjectsLost = 1U << 15U;

class ReceiveTable {
 public:
  static constexpr std::size_t kMaxMessages = 1024;
  static constexpr std::size_t kWords = 16;
  static constexpr std::uint32_t kUnknownType = 0xFFFFFFFF;
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  // Makes the buffer, which JavaScript must neither transfer nor resize. Must be called first.
  // False in a worker that is being terminated, where no buffers can be made.
  [[nodiscard]] bool allocate(napi_env env);

  [[nodiscard]] Napi::Value table() const { return table_reference_.Value(); }

  // The UUIDs of the program's message types, in the order of their indices.
  void set_types(std::span<const Uuid> types);

  // Made when the first message comes: endpoints that only send need none, and joining is quicker.
  [[nodiscard]] std::vector<ReceivedMessage>& messages() noexcept {
    if (messages_.empty()) [[unlikely]]
      messages_.resize(kMaxMessages);
    return messages_;
  }
  // Writes rows 0 to count - 1 from messages(), whose places count from `offset` of the block, and
  // the word behind all rows: until JavaScript clears it, it keeps some of the batch.
  void write_rows(std::size_t count, std::uint32_t offset) noexcept;
  // Whether JavaScript keeps bytes of the batch.
  [[nodiscard]] bool keeps() const noexcept { return table_[kMaxMessages * kWords] != 0; }
  // Closes the kernel objects and releases the regions of rows 0 to count - 1 that JavaScript did
  // not take.
  void drop_attachments(std::size_t count) noexcept;

 private:
  void write_row(std::uint32_t* row, const ReceivedMessage& message, std::uint32_t offset) noexcept;
  [[nodiscard]] std::uint32_t type_index(const Uuid& type) noexcept;

  Napi::Reference<Napi::Uint32Array> table_reference_;
  std::uint32_t* table_ = nullptr;
  std::vector<ReceivedMessage> messages_;
  std::unordered_map<Uuid, std::uint32_t> types_;
  // The last type found: most messages have the type of the previous message.
  Uuid last_type_{};
  std::uint32_t last_index_ = kUnknownType;
};

}  // namespace busbar::node
