// ReceiveBlocks: where the payloads of an endpoint are received to. A batch is copied once, out of
// memory that its sender can write to, straight into a block that JavaScript may keep: payloads are
// views of it. What JavaScript keeps nothing of is used for the next batch. On the thread of its
// environment.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "node/block_memory.h"

namespace busbar::node {

class ReceiveBlocks {
 public:
  // As BlockMemory.
  explicit ReceiveBlocks(bool external) : memory_(std::make_shared<BlockMemory>(external)) {}

  // Makes sure that a batch has room. False: there is no memory.
  [[nodiscard]] bool prepare(napi_env env);
  // For payloads smaller than large_from(), from its start.
  [[nodiscard]] std::span<std::byte> room() const noexcept;
  // Where that lies in the block.
  [[nodiscard]] std::uint32_t offset() const noexcept {
    return static_cast<std::uint32_t>(left_.data() - block_bytes_.data());
  }
  [[nodiscard]] std::uint64_t large_from() const noexcept;
  // The block, if JavaScript has not been told of it, else undefined.
  [[nodiscard]] napi_value news(napi_env env);
  // JavaScript keeps some of the first `used` bytes of the room.
  void keep(std::size_t used) noexcept;
  // Payloads of up to `bytes` come.
  void note_size(std::size_t bytes) noexcept;

  // An ArrayBuffer for one large payload. False: there is no memory.
  [[nodiscard]] bool make_large(napi_env env, std::size_t bytes, napi_value& out_buffer,
                                std::span<std::byte>& out_bytes) {
    return memory_->make(env, bytes, out_buffer, out_bytes);
  }
  // Nothing has come for a while.
  void rest() noexcept { memory_->rest(); }
  void release(napi_env env) noexcept;

 private:
  [[nodiscard]] bool new_block(napi_env env);

  std::shared_ptr<BlockMemory> memory_;
  napi_ref block_ = nullptr;
  std::span<std::byte> block_bytes_;
  // Not JavaScript's yet.
  std::span<std::byte> left_;
  bool told_ = true;
  // Index of the kind of blocks in use.
  std::size_t kind_ = 0;
  // Of the payloads since the last new block.
  std::size_t largest_ = 0;
};

}  // namespace busbar::node
