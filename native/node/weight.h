// Weight: what V8 is told of a small object in JavaScript's hands that holds something scarce: a
// descriptor, a mapping. Without it, a program that lets go of such objects without closing them
// runs out of them long before V8 sees a reason to collect.
//
// V8 begins a collection when 64 MiB more than after the last one lie outside of its heap
// (Heap::kExternalAllocationSoftLimit). So a weight says how many of a kind may wait for a
// collection; it is no measure of bytes. What is closed in time weighs nothing any more, and begins
// none.
#pragma once

#include <node_api.h>

#include <algorithm>
#include <cstdint>

namespace busbar::node {

class Weight {
 public:
  // 256 descriptors: a quarter of the usual limit of a process.
  static constexpr std::int64_t kDescriptor = 256 << 10;
  // A hand on a region weighs what it shows, but at least a mapping and its descriptors, of which a
  // program may have many hands; and no more than 4 MiB, so that 16 of any size may wait.
  [[nodiscard]] static std::int64_t of_region(std::uint64_t bytes) noexcept {
    return static_cast<std::int64_t>(std::clamp<std::uint64_t>(bytes, 64U << 10U, 4U << 20U));
  }

  Weight(napi_env env, std::int64_t bytes) noexcept : env_(env), bytes_(bytes) { tell(bytes); }
  ~Weight() { lift(); }
  Weight(const Weight&) = delete;
  Weight& operator=(const Weight&) = delete;

  // The object holds nothing any more. Repeated calls do nothing.
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
