// ArrayBuffers over memory that is not V8's, which stays mapped for as long as V8 has them.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace busbar::node {

class ViewedMemory {
 public:
  // An ArrayBuffer over `bytes` at `data`, which `owner` keeps mapped. `out_number` is for
  // let_go(). napi_no_external_buffers_allowed where V8 refuses external memory.
  [[nodiscard]] static napi_status view(napi_env env, void* data, std::size_t bytes,
                                        std::shared_ptr<void> owner, napi_value& out,
                                        std::uintptr_t& out_number);
  // Detaches `buffer`, and lets go of its memory at once if V8 does; else once it is collected.
  static void detach(napi_env env, napi_value buffer, std::uintptr_t number);
};

}  // namespace busbar::node
