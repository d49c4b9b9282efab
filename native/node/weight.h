// Weight: the external memory that is reported to V8 for a small JavaScript object that holds
// something scarce: a descriptor, a mapping. Without it, a program that drops such objects without
// closing them runs out of descriptors long before V8 starts a collection.
//
// V8 starts a collection when external memory has grown by 64 MiB since the last one
// (Heap::kExternalAllocationSoftLimit). So a weight says how many objects of a kind may wait for a
// collection; it does not measure bytes. A closed object has no weight and starts no collection.
#pragma once

#include <node_api.h>

#include <algorithm>
#include <cstdint>

namespace busbar::node {

class Weight {
 public:
  // 256 descriptors: a quarter of the usual limit of a process.
  static constexpr std::int64_t kDescriptor = 256 << 10;
  // A region handle weighs the bytes that it covers: at least as much as a mapping and its
  // descriptors, and at most 4 MiB, so that 16 handles of any size may wait.
  [[nodiscard]] static std::int64_t of_region(std::uint64_t bytes) noexcept {
    return static_cast<std::int64_t>(std::clamp<std::uint64_t>(bytes, 64U << 10U, 4U << 20U));
  }

  Weight(napi_env env, std::int64_t bytes) noexcept : env_(env), bytes_(bytes) { tell(bytes); }
  ~Weight() { lift(); }
  Weight(const Weight&) = delete;
  Weight& operator=(const Weight&) = delete;

  // To be called when the object is closed. Repeated calls do nothing.
  void lift() noexcept {
    if (bytes_ != 0) tell(-bytes_);
    bytes_ = 0;
  }

 private:
  void tell(std::int64_t change) noexcept {
    std::int64_t total = 0;
    (void)napi_adjust_external_memory(env_, change, &total);
  }

  napi_env env_;
  std::int64_t bytes_;
};

}  // namespace busbar::node
