// Receipt: what send() tells JavaScript beside the number of receivers. It lies in memory that V8
// owns and that JavaScript reads without another call into native code.
#pragma once

#include <napi.h>

#include <cstddef>

#include "core/endpoint/send_request.h"

namespace busbar::node {

class Receipt {
 public:
  // Makes the memory, which JavaScript must neither transfer nor resize. Must be called first.
  // False in a worker that is being terminated, where no buffers can be made.
  [[nodiscard]] bool allocate(napi_env env) {
    napi_value buffer = nullptr;
    napi_value array = nullptr;
    void* numbers = nullptr;
    if (napi_create_arraybuffer(env, kNumbers * sizeof *numbers_, &numbers, &buffer) != napi_ok ||
        napi_create_typedarray(env, napi_float64_array, kNumbers, buffer, 0, &array) != napi_ok) {
      return false;
    }
    reference_ = Napi::Persistent(Napi::Float64Array(env, array));
    numbers_ = static_cast<double*>(numbers);
    return true;
  }

  [[nodiscard]] Napi::Value value() const { return reference_.Value(); }

  // Of a message that was sent.
  void write(const SendOutcome& sent) noexcept {
    // Exact: no id and no count of a bus goes beyond 2^53.
    numbers_[kId] = static_cast<double>(sent.message_id);
    numbers_[kPeerId] = static_cast<double>(sent.peer_id);
    numbers_[kDelivery] = static_cast<double>(sent.delivery);
  }

 private:
  // src/native/addon.ts has the same list.
  static constexpr std::size_t kId = 0;
  static constexpr std::size_t kPeerId = 1;
  static constexpr std::size_t kDelivery = 2;
  static constexpr std::size_t kNumbers = 3;

  Napi::Reference<Napi::Float64Array> reference_;
  double* numbers_ = nullptr;
};

}  // namespace busbar::node
