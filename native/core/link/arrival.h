// Arrival: what became of something that a sender gave over the channel of a link.
#pragma once

#include <cstdint>

namespace busbar {

enum class Arrival : std::uint8_t {
  // It is here, or was before.
  Kept,
  // This process, or what its peer's process may have of it, is at a limit: not the sender's fault.
  // The program that takes the message learns it.
  Lost,
  // No sender gives that: its link ends.
  Broken,
};

}  // namespace busbar
