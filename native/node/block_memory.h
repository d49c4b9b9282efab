// BlockMemory: ArrayBuffers for received payloads whose memory is used again. Fresh memory costs a
// page fault for each 4 KiB; what the collector has found unused comes back here instead. On the
// thread of its environment.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace busbar::node {

class BlockMemory : public std::enable_shared_from_this<BlockMemory> {
 public:
  // What is mapped beyond this goes back to the system as soon as it is unused.
  static constexpr std::size_t kMaxKept = 64U << 20U;

  // `external`: V8 may be given memory that it has not allocated. Otherwise, and where it refuses,
  // V8 allocates each block.
  explicit BlockMemory(bool external) noexcept : external_(external) {}
  ~BlockMemory();
  BlockMemory(const BlockMemory&) = delete;
  BlockMemory& operator=(const BlockMemory&) = delete;

  // An ArrayBuffer of `bytes`, not cleared. False: there is no memory, or the environment is
  // ending.
  [[nodiscard]] bool make(napi_env env, std::size_t bytes, napi_value& out_buffer,
                          std::span<std::byte>& out_bytes);
  // Gives everything unused back to the system, and what becomes unused until the next make().
  void rest() noexcept;

 private:
  struct Block {
    // Keeps the memory's owner while JavaScript has the block.
    std::shared_ptr<BlockMemory> owner;
    std::span<std::byte> pages;
  };

  static void give_back(napi_env env, void* data, void* hint);
  static void unmap(std::unique_ptr<Block> block) noexcept;
  [[nodiscard]] bool make_external(napi_env env, std::size_t bytes, napi_value& out_buffer,
                                   std::span<std::byte>& out_bytes);
  [[nodiscard]] std::unique_ptr<Block> take(std::size_t bytes) noexcept;
  void note_made(napi_env env, std::size_t bytes);

  bool external_;
  bool resting_ = false;
  // The block used last comes first: it is still in the caches.
  std::vector<std::unique_ptr<Block>> unused_;
  // Bytes of all blocks that are mapped, used or not.
  std::size_t mapped_ = 0;
  std::size_t since_note_ = 0;
};

}  // namespace busbar::node
