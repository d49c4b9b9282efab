// Blocks that JavaScript keeps payloads in.
#include "node/receive_blocks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/endpoint/receiver.h"

namespace busbar::node {
namespace {

// Several payloads are to fit into a block, and small ones that are kept are not to keep much else.
struct Kind {
  std::size_t block_bytes;
  // The largest payload for which the kind is chosen.
  std::size_t payload;
  // Payloads from this size on get a buffer of their own.
  std::uint64_t large_from;
};

constexpr std::array<Kind, 3> kKinds{{
    {64U << 10U, 2U << 10U, 8U << 10U},
    {256U << 10U, 16U << 10U, 32U << 10U},
    {1U << 20U, 128U << 10U, (128U << 10U) + 1},
}};

// Of one batch, which is copied with the endpoint's lock held.
constexpr std::size_t kBatchBytes = 512U << 10U;

std::size_t kind_for(std::size_t payload) noexcept {
  std::size_t kind = 0;
  while (kind + 1 < kKinds.size() && payload > kKinds[kind].payload) ++kind;
  return kind;
}

}  // namespace

std::uint64_t ReceiveBlocks::large_from() const noexcept { return kKinds[kind_].large_from; }

std::span<std::byte> ReceiveBlocks::room() const noexcept {
  return left_.first(std::min(left_.size(), kBatchBytes));
}

bool ReceiveBlocks::prepare(napi_env env) {
  return left_.size() >= large_from() + Receiver::kBesideBytes || new_block(env);
}

bool ReceiveBlocks::new_block(napi_env env) {
  kind_ = kind_for(std::exchange(largest_, 0));
  release(env);
  napi_value buffer = nullptr;
  if (!memory_->make(env, kKinds[kind_].block_bytes, buffer, block_bytes_)) return false;
  if (napi_create_reference(env, buffer, 1, &block_) != napi_ok) return false;
  left_ = block_bytes_;
  told_ = false;
  return true;
}

void ReceiveBlocks::release(napi_env env) noexcept {
  if (block_ != nullptr) (void)napi_delete_reference(env, std::exchange(block_, nullptr));
  block_bytes_ = {};
  left_ = {};
}

napi_value ReceiveBlocks::news(napi_env env) {
  napi_value value = nullptr;
  if (std::exchange(told_, true) || napi_get_reference_value(env, block_, &value) != napi_ok)
    (void)napi_get_undefined(env, &value);
  return value;
}

void ReceiveBlocks::keep(std::size_t used) noexcept {
  left_ = left_.subspan(std::min(left_.size(), used));
}

void ReceiveBlocks::note_size(std::size_t bytes) noexcept {
  // A payload that is too large for every kind says nothing about the others.
  if (bytes >= kKinds.back().large_from) return;
  largest_ = std::max(largest_, bytes);
  if (bytes >= large_from()) kind_ = kind_for(bytes);
}

}  // namespace busbar::node
