// ByteReader and ByteWriter: little-endian bytes that cross a process boundary. The reader never
// looks outside its span and remembers the first failure.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace busbar {

// Reads from a span it does not own. After the first read that does not fit, ok() stays false,
// every read returns 0 or an empty span and remaining() is 0: check ok() once, before the values
// are used. The span must not change meanwhile: bytes in memory a peer can write to are copied
// first.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> source) noexcept : rest_(source) {}

  [[nodiscard]] std::uint8_t u8() noexcept { return integer<std::uint8_t>(); }
  [[nodiscard]] std::uint16_t u16() noexcept { return integer<std::uint16_t>(); }
  [[nodiscard]] std::uint32_t u32() noexcept { return integer<std::uint32_t>(); }
  [[nodiscard]] std::uint64_t u64() noexcept { return integer<std::uint64_t>(); }

  // The next `count` bytes, still the source's memory; empty when fewer are left.
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t count) noexcept {
    if (count > rest_.size()) {
      fail();
      return {};
    }
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  // All bytes not read yet; they count as read from now on.
  [[nodiscard]] std::span<const std::byte> rest() noexcept { return bytes(rest_.size()); }

  [[nodiscard]] std::size_t remaining() const noexcept { return rest_.size(); }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  // Every read succeeded and no byte is left. A decoder of a whole datagram checks this at its end.
  [[nodiscard]] bool finished() const noexcept { return ok_ && rest_.empty(); }
  // For a caller that finds the content invalid.
  void fail() noexcept {
    ok_ = false;
    rest_ = {};
  }

 private:
  template <std::unsigned_integral T>
  [[nodiscard]] T integer() noexcept {
    const auto source = bytes(sizeof(T));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < source.size(); ++i) {
      value |= std::to_integer<std::uint64_t>(source[i]) << (8 * i);
    }
    return static_cast<T>(value);
  }

  std::span<const std::byte> rest_;
  bool ok_ = true;
};

// Appends to a vector it does not own and that must outlive it.
class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::byte>& target) noexcept : target_(target) {}

  void u8(std::uint8_t value) { integer(value); }
  void u16(std::uint16_t value) { integer(value); }
  void u32(std::uint32_t value) { integer(value); }
  void u64(std::uint64_t value) { integer(value); }
  // `source` must not lie in the target itself, which may move while it grows.
  void bytes(std::span<const std::byte> source) {
    if (source.empty()) return;  // memcpy must not get the null pointer of an empty span
    // Not vector::insert: inlined at -O2 and above it makes GCC 12 warn of overflows that cannot
    // happen.
    const std::size_t before = target_.size();
    target_.resize(before + source.size());
    std::memcpy(target_.data() + before, source.data(), source.size());
  }

 private:
  template <std::unsigned_integral T>
  void integer(T value) {
    std::byte encoded[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      encoded[i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i));
    }
    bytes(encoded);
  }

  std::vector<std::byte>& target_;
};

}  // namespace busbar
