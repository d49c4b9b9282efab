// Uuid: the 16 bytes that identify a message type. The core only carries and compares them; the
// language on the other side of the binding parses and creates them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

namespace busbar {

struct Uuid {
  // In the order of the text form (RFC 9562).
  std::array<std::uint8_t, 16> bytes{};

  friend bool operator==(const Uuid&, const Uuid&) noexcept = default;
};

}  // namespace busbar

template <>
struct std::hash<busbar::Uuid> {
  [[nodiscard]] std::size_t operator()(const busbar::Uuid& uuid) const noexcept {
    std::uint64_t first;
    std::uint64_t second;
    std::memcpy(&first, uuid.bytes.data(), sizeof first);
    std::memcpy(&second, uuid.bytes.data() + sizeof first, sizeof second);
    return static_cast<std::size_t>(mix(mix(first) ^ second));
  }

 private:
  // Ids that a person counted up differ in one byte only. Folding and an odd factor (2^64 over the
  // golden ratio), twice, carry every byte into the low bits, the only ones that some hash tables
  // use.
  [[nodiscard]] static constexpr std::uint64_t mix(std::uint64_t value) noexcept {
    value = (value ^ value >> 32) * 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 29) * 0x9e3779b97f4a7c15u;
    return value ^ value >> 32;
  }
};
