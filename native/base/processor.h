// Hints to the processor, which change nothing but how long things take.
#pragma once

#include <cstddef>

namespace busbar {

// In a loop that waits for another processor.
inline void pause_cpu() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// The address need not be mapped.
inline void prefetch_for_reading(const std::byte* place) noexcept { __builtin_prefetch(place, 0); }

inline void prefetch_for_writing(const std::byte* place) noexcept {
#if defined(__x86_64__)
  // The builtin means this one only where the compiler is told that every processor has it; those
  // that have not take it for nothing.
  asm volatile("prefetchw %0" ::"m"(*place));
#else
  __builtin_prefetch(place, 1);
#endif
}

}  // namespace busbar
