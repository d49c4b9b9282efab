// Hints to the processor. They change how long things take and nothing else.
#pragma once

#include <cstddef>

namespace busbar {

// Call this in a loop that waits for another processor.
inline void pause_cpu() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// `place` need not be mapped.
inline void prefetch_for_reading(const std::byte* place) noexcept { __builtin_prefetch(place, 0); }

inline void prefetch_for_writing(const std::byte* place) noexcept {
#if defined(__x86_64__)
  // The builtin emits this instruction only if the compiler may assume that every processor has it.
  // A processor without the instruction ignores it.
  asm volatile("prefetchw %0" ::"m"(*place));
#else
  __builtin_prefetch(place, 1);
#endif
}

}  // namespace busbar
