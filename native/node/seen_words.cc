// The words that JavaScript notes its messages in.
#include "node/seen_words.h"

#include <utility>

#include "node/viewed_memory.h"

namespace busbar::node {

napi_value SeenWords::open(napi_env env, Endpoint& endpoint, std::uint32_t slot) {
  napi_value buffer = nullptr;
  InboundLink::SeenWord word = endpoint.seen_word(slot);
  // A link that is gone already: nobody asks any more what came to its receiver.
  if (word.word != nullptr) {
    Opened& opened = opened_[slot];
    detach(env, opened);
    opened = {std::move(word), nullptr, 0};
    if (external_) buffer = view(env, opened);
  }
  if (buffer == nullptr) (void)napi_get_undefined(env, &buffer);
  return buffer;
}

napi_value SeenWords::view(napi_env env, Opened& opened) {
  napi_value buffer = nullptr;
  const napi_status status = ViewedMemory::view(env, opened.word.word, sizeof *opened.word.word,
                                                opened.word.memory, buffer, opened.number);
  if (status == napi_no_external_buffers_allowed) external_ = false;
  if (status != napi_ok) return nullptr;
  if (napi_create_reference(env, buffer, 1, &opened.buffer) == napi_ok) return buffer;
  ViewedMemory::detach(env, buffer, opened.number);
  return nullptr;
}

void SeenWords::mark(std::uint32_t slot, std::uint32_t position) noexcept {
  const auto found = opened_.find(slot);
  if (found != opened_.end()) found->second.word.word->store(position, std::memory_order_relaxed);
}

void SeenWords::close(napi_env env, std::uint32_t slot) {
  const auto found = opened_.find(slot);
  if (found == opened_.end()) return;
  detach(env, found->second);
  opened_.erase(found);
}

// Also in an environment that ends, outside of any call.
void SeenWords::close_all(napi_env env) {
  napi_handle_scope scope = nullptr;
  // Without, the buffers end with the environment.
  if (napi_open_handle_scope(env, &scope) == napi_ok) {
    for (auto& [slot, opened] : opened_) detach(env, opened);
    (void)napi_close_handle_scope(env, scope);
  }
  opened_.clear();
}

void SeenWords::detach(napi_env env, Opened& opened) {
  if (opened.buffer == nullptr) return;
  napi_value buffer = nullptr;
  if (napi_get_reference_value(env, opened.buffer, &buffer) == napi_ok && buffer != nullptr)
    ViewedMemory::detach(env, buffer, opened.number);
  (void)napi_delete_reference(env, std::exchange(opened.buffer, nullptr));
}

}  // namespace busbar::node
