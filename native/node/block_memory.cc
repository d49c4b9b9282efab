// Blocks for payloads, and their way back.
#include "node/block_memory.h"

#include <algorithm>
#include <utility>

#include "node/pages.h"

namespace busbar::node {
namespace {

// Few distinct sizes, so that blocks fit again.
constexpr std::size_t kStep = 64U << 10U;
// V8 is asked that often whether young buffers have become too many.
constexpr std::size_t kNoteEvery = 4U << 20U;

std::size_t rounded(std::size_t bytes) noexcept { return (bytes + kStep - 1) / kStep * kStep; }

}  // namespace

BlockMemory::~BlockMemory() { rest(); }

void BlockMemory::rest() noexcept {
  resting_ = true;
  for (auto& block : std::exchange(unused_, {})) {
    mapped_ -= block->pages.size();
    unmap(std::move(block));
  }
}

void BlockMemory::unmap(std::unique_ptr<Block> block) noexcept {
  unmap_pages(block->pages.data(), block->pages.size());
}

// The buffer was collected.
void BlockMemory::give_back(napi_env, void*, void* hint) {
  std::unique_ptr<Block> block(static_cast<Block*>(hint));
  const std::shared_ptr<BlockMemory> owner = std::move(block->owner);
  if (!owner->resting_ && owner->mapped_ <= kMaxKept) {
    owner->unused_.push_back(std::move(block));
    return;
  }
  owner->mapped_ -= block->pages.size();
  unmap(std::move(block));
}

std::unique_ptr<BlockMemory::Block> BlockMemory::take(std::size_t bytes) noexcept {
  // Not one that is much too large, or one huge payload would serve small ones.
  const auto fits = [bytes](const auto& block) {
    return block->pages.size() >= bytes && block->pages.size() - bytes <= bytes / 4;
  };
  const auto found = std::find_if(unused_.rbegin(), unused_.rend(), fits);
  if (found != unused_.rend()) {
    std::unique_ptr<Block> block = std::move(*found);
    unused_.erase(std::next(found).base());
    return block;
  }
  std::byte* pages = map_pages(bytes);
  if (pages == nullptr) return nullptr;
  mapped_ += bytes;
  return std::make_unique<Block>(Block{nullptr, {pages, bytes}});
}

bool BlockMemory::make(napi_env env, std::size_t bytes, napi_value& out_buffer,
                       std::span<std::byte>& out_bytes) {
  resting_ = false;
  if (external_ && make_external(env, bytes, out_buffer, out_bytes)) return true;
  // A buffer of Node's, because an ArrayBuffer would be cleared first.
  void* data = nullptr;
  napi_value array = nullptr;
  if (napi_create_buffer(env, bytes, &data, &array) != napi_ok ||
      napi_get_typedarray_info(env, array, nullptr, nullptr, nullptr, &out_buffer, nullptr) !=
          napi_ok) {
    napi_value error = nullptr;
    (void)napi_get_and_clear_last_exception(env, &error);
    return false;
  }
  out_bytes = {static_cast<std::byte*>(data), bytes};
  return true;
}

bool BlockMemory::make_external(napi_env env, std::size_t bytes, napi_value& out_buffer,
                                std::span<std::byte>& out_bytes) {
  note_made(env, bytes);
  std::unique_ptr<Block> block = take(rounded(bytes));
  if (block == nullptr) return false;
  block->owner = shared_from_this();
  const std::span<std::byte> visible = block->pages.first(bytes);
  const napi_status status = napi_create_external_arraybuffer(env, visible.data(), bytes, give_back,
                                                              block.get(), &out_buffer);
  if (status == napi_ok) {
    (void)block.release();
    out_bytes = visible;
    return true;
  }
  if (status == napi_no_external_buffers_allowed) external_ = false;
  block->owner.reset();
  unused_.push_back(std::move(block));
  return false;
}

// V8 collects young buffers when they have become many, and looks at that when it allocates one
// itself. Without that look, blocks wait for a collection of the whole heap.
void BlockMemory::note_made(napi_env env, std::size_t bytes) {
  since_note_ += bytes;
  if (since_note_ < kNoteEvery) return;
  since_note_ = 0;
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  void* data = nullptr;
  napi_value least = nullptr;
  (void)napi_create_arraybuffer(env, 8, &data, &least);
  (void)napi_close_handle_scope(env, scope);
}

}  // namespace busbar::node
