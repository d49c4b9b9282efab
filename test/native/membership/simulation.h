// Shared by simulations: dice, and the seeds to run.
//
//   BUSBAR_SEEDS=n   runs n seeds instead of the default of the build
//   BUSBAR_SEED=n    runs only this seed
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>

#include "support/check.h"

namespace busbar::test {

// splitmix64.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    return z ^ (z >> 31U);
  }
  std::size_t below(std::size_t bound) noexcept { return next() % bound; }

 private:
  std::uint64_t state_;
};

// A single thread has no races, and sanitizers are slow.
#if defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kSeeds = 20;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint64_t kSeeds = 200;
#else
inline constexpr std::uint64_t kSeeds = 1000;
#endif

inline std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Runs seeds until one fails, which is printed.
inline void run_seeds(const std::function<bool(std::uint64_t seed)>& simulate) {
  const std::uint64_t only = number_of("BUSBAR_SEED", 0);
  const std::uint64_t first = only != 0 ? only : 1;
  const std::uint64_t last = only != 0 ? only : number_of("BUSBAR_SEEDS", kSeeds);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    if (simulate(seed)) continue;
    CHECK_EQ("seed", std::to_string(seed));
    return;
  }
}

}  // namespace busbar::test
