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
inline constexpr double kWarmSeconds = 0.04;

// Calls `run(count) -> seconds` with growing counts until it is warm, then once for about the
// wanted time. Returns the figures of that last call.
template <typename Run>
Measured ramp(double wanted_seconds, Run run) {
  std::uint64_t count = kFirstCount;
  double seconds = run(count);
  while (seconds < kWarmSeconds) {
    const double factor = std::clamp(kWarmSeconds * 1.25 / seconds, 2.0, 10.0);
    count = static_cast<std::uint64_t>(static_cast<double>(count) * factor);
    seconds = run(count);
  }
  const double rate = static_cast<double>(count) / seconds;
  const auto last = std::max<std::uint64_t>(16, static_cast<std::uint64_t>(rate * wanted_seconds));
  return {last, run(last)};
}

inline void print(const Measured& measured) {
  std::printf("{\"perSecond\":%.1f,\"count\":%llu,\"seconds\":%.9f}\n",
              static_cast<double>(measured.count) / measured.seconds,
              static_cast<unsigned long long>(measured.count), measured.seconds);
}

}  // namespace bench
