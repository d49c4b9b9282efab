// Helpers of the fuzz targets. Each target is a file with one function, FUZZ, for one decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#define FUZZ(bytes)                                                                   \
  static void fuzz(std::span<const std::byte> bytes);                                 \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    fuzz(std::as_bytes(std::span(data, size)));                                       \
    return 0;                                                                         \
  }                                                                                   \
  static void fuzz(std::span<const std::byte> bytes)

namespace busbar::fuzzing {

// Aborts when a condition that must hold for all input does not.
inline void require(bool condition) {
  if (!condition) std::abort();
}

// Reads every byte, so that a sanitizer notices one out of bounds.
inline void touch(std::span<const std::byte> bytes) {
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<unsigned>(byte);
  static volatile unsigned sink = 0;
  sink = sum;
}

// Takes numbers from the front of the input.
class Source {
 public:
  explicit Source(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] std::uint8_t u8() noexcept {
    if (bytes_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(bytes_.front());
    bytes_ = bytes_.subspan(1);
    return value;
  }
  [[nodiscard]] std::uint16_t u16() noexcept {
    const std::uint8_t low = u8();
    return static_cast<std::uint16_t>(low | u8() << 8);
  }
  [[nodiscard]] std::span<const std::byte> take(std::size_t most) noexcept {
    const auto taken = bytes_.first(most < bytes_.size() ? most : bytes_.size());
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace busbar::fuzzing
