// How long a native trial runs: the same ramp as in harness/ramp.mjs, so that all peers are warmed
// up alike. Also prints the result, as one line of JSON.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace bench {

struct Measured {
  std::uint64_t count;
  double seconds;
};

inline constexpr std::uint64_t kFirstCount = 64;
inline constexpr double kRunSeconds = 0.04;
inline constexpr double kWarmSeconds = 0.3;
inline constexpr double kLeastPart = 0.5;
inline constexpr int kMostMeasured = 3;

// Calls `run(count) -> seconds` with growing counts until it is warm, then for about the wanted
// time. Returns the figures of the last call.
template <typename Run>
Measured ramp(double wanted_seconds, Run run) {
  std::uint64_t count = kFirstCount;
  double seconds = run(count);
  for (double spent = seconds; seconds < kRunSeconds || spent < kWarmSeconds; spent += seconds) {
    if (seconds < kRunSeconds) {
      const double factor = std::clamp(kRunSeconds * 1.25 / seconds, 2.0, 10.0);
      count = static_cast<std::uint64_t>(static_cast<double>(count) * factor);
    }
    seconds = run(count);
  }
  for (int times = 0; times < kMostMeasured; ++times) {
    const double rate = static_cast<double>(count) / seconds;
    count = std::max<std::uint64_t>(16, static_cast<std::uint64_t>(rate * wanted_seconds));
    seconds = run(count);
    if (seconds >= wanted_seconds * kLeastPart) break;
  }
  return {count, seconds};
}

inline void print(const Measured& measured) {
  std::printf("{\"perSecond\":%.1f,\"count\":%llu,\"seconds\":%.9f}\n",
              static_cast<double>(measured.count) / measured.seconds,
              static_cast<unsigned long long>(measured.count), measured.seconds);
}

}  // namespace bench
