// ReceiveTable: the slab and the table through which received messages cross into JavaScript: one
// crossing a batch, 16 words a message. Both belong to V8, so it works the same where foreign
// buffers are forbidden.
#pragma once

#include <napi.h>

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/uuid.h"
#include "core/endpoint/receiver.h"

namespace busbar::node {

// Words of one row; src/native/addon.ts has the same list.
enum class Column : std::uint8_t {
  Offset = 0,
  Bytes = 1,
  Slot = 2,
  // Index into the endpoint's message types, kUnknownType when it has no such type.
  Type = 3,
  // Format in the low, flags in the high half: kWantsHandled, kWantsTaken, and those below.
  FormatAndFlags = 4,
  Id = 5,       // and 6, low word first
  ReplyTo = 7,  // and 8
  // kNone when the sender speaks for itself.
  OriginOffset = 9,
  Position = 10,  // and 11
  TypeUuid = 12,  // to 15, bytes in order
};

// Flags of a row that no sender can set.
inline constexpr std::uint32_t kRowHasRegions = 1U << 12U;
inline constexpr std::uint32_t kRowRegionsLost = 1U << 13U;
inline constexpr std::uint32_t kRowHasObjects = 1U << 14U;
inline constexpr std::uint32_t kRowObjectsLost = 1U << 15U;

class ReceiveTable {
 public:
  static constexpr std::size_t kSlabBytes = 256U << 10U;
  static constexpr std::size_t kMaxMessages = 1024;
  static constexpr std::size_t kWords = 16;
  static constexpr std::uint32_t kUnknownType = 0xFFFFFFFF;
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  // Makes both buffers; JavaScript must neither transfer nor resize them. Before everything else.
  // False where the environment makes none any more: in a worker that is being terminated.
  [[nodiscard]] bool allocate(napi_env env);

  [[nodiscard]] Napi::Value slab() const { return slab_reference_.Value(); }
  [[nodiscard]] Napi::Value table() const { return table_reference_.Value(); }

  // UUIDs of the types that the program knows; their order gives the indices.
  void set_types(std::span<const Uuid> types);

  [[nodiscard]] std::span<std::byte> slab_bytes() const noexcept { return {slab_, kSlabBytes}; }
  [[nodiscard]] std::vector<ReceivedMessage>& messages() noexcept { return messages_; }
  // Writes rows 0 to count - 1 from messages().
  void write_rows(std::size_t count) noexcept;
  // Lets go of the kernel objects and regions of rows 0 to count - 1 that JavaScript did not take.
  void drop_attachments(std::size_t count) noexcept;

 private:
  void write_row(std::uint32_t* row, const ReceivedMessage& message) noexcept;
  [[nodiscard]] std::uint32_t type_index(const Uuid& type) noexcept;

  Napi::Reference<Napi::ArrayBuffer> slab_reference_;
  Napi::Reference<Napi::Uint32Array> table_reference_;
  std::byte* slab_ = nullptr;
  std::uint32_t* table_ = nullptr;
  std::vector<ReceivedMessage> messages_{kMaxMessages};
  std::unordered_map<Uuid, std::uint32_t> types_;
  // Most messages are of the type of the one before.
  Uuid last_type_{};
  std::uint32_t last_index_ = kUnknownType;
};

}  // namespace busbar::node
