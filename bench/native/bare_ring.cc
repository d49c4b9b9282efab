// The upper limit: a bare single-producer single-consumer ring between two processes, without
// routing, headers, doorbells or safety checks. Copies every message in and out and publishes each
// at once, as busbar's core does. Both sides spin. Usage: bare_ring <bytes> <milliseconds>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "ramp.h"

namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kSmallRing = std::size_t{1} << 20;  // of the order of busbar's default
constexpr int kSpinsBeforeYield = 2000;

struct Shared {
  alignas(kCacheLine) std::atomic<std::uint64_t> head{0};   // bytes ever written
  alignas(kCacheLine) std::atomic<std::uint64_t> tail{0};   // bytes ever read
  alignas(kCacheLine) std::atomic<std::uint64_t> taken{0};  // messages ever read
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

void* map_shared(std::size_t bytes) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    std::perror("mmap");
    std::exit(1);
  }
  return at;
}

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <typename Condition>
void spin_until(Condition condition) {
  for (int spins = 0; !condition(); ++spins) {
    if (spins > kSpinsBeforeYield) {
      sched_yield();
    } else {
      relax();
    }
  }
}

// A record is its length (8 bytes) and the payload, padded to 8. All messages have the same size,
// so the ring holds a whole number of records and none wraps.
struct Ring {
  Shared* shared;
  std::byte* data;
  std::size_t record;
  std::size_t capacity;
};

void produce(const Ring& ring, const std::vector<std::byte>& message, std::uint64_t count) {
  std::uint64_t head = ring.shared->head.load(std::memory_order_relaxed);
  std::uint64_t known_tail = ring.shared->tail.load(std::memory_order_acquire);
  const std::uint64_t length = message.size();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (head + ring.record - known_tail > ring.capacity) {
      spin_until([&] {
        known_tail = ring.shared->tail.load(std::memory_order_acquire);
        return head + ring.record - known_tail <= ring.capacity;
      });
    }
    std::byte* slot = ring.data + head % ring.capacity;
    std::memcpy(slot, &length, sizeof length);
    std::memcpy(slot + sizeof length, message.data(), length);
    head += ring.record;
    ring.shared->head.store(head, std::memory_order_release);
  }
}

// Reads all that is there, then frees its room at once: one tail store per batch.
[[noreturn]] void consume(const Ring& ring, std::size_t bytes) {
  std::vector<std::byte> message(bytes);
  std::uint64_t tail = 0;
  std::uint64_t taken = 0;
  for (;;) {
    std::uint64_t head = 0;
    spin_until([&] {
      head = ring.shared->head.load(std::memory_order_acquire);
      return head != tail;
    });
    const std::uint64_t release_at =
        std::min<std::uint64_t>(head, tail + ring.capacity / 4 + ring.record);
    while (tail < release_at) {
      const std::byte* slot = ring.data + tail % ring.capacity;
      std::uint64_t length = 0;
      std::memcpy(&length, slot, sizeof length);
      std::memcpy(message.data(), slot + sizeof length, std::min<std::uint64_t>(length, bytes));
      asm volatile("" : : "r"(message.data()) : "memory");  // the copy must not be optimised away
      tail += ring.record;
      ++taken;
    }
    ring.shared->tail.store(tail, std::memory_order_release);
    ring.shared->taken.store(taken, std::memory_order_release);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bare_ring <bytes> <milliseconds>\n");
    return 2;
  }
  const std::size_t bytes = std::strtoull(argv[1], nullptr, 10);
  const double seconds = std::strtod(argv[2], nullptr) / 1000;

  Ring ring{};
  ring.record = (sizeof(std::uint64_t) + bytes + 7) & ~std::size_t{7};
  ring.capacity = std::max<std::size_t>(kSmallRing / ring.record, 4) * ring.record;
  ring.shared = new (map_shared(sizeof(Shared))) Shared;
  ring.data = static_cast<std::byte*>(map_shared(ring.capacity));

  const pid_t consumer = fork();
  if (consumer < 0) {
    std::perror("fork");
    return 1;
  }
  if (consumer == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    consume(ring, bytes);
  }

  const std::vector<std::byte> message(bytes, std::byte{0x5a});
  std::uint64_t sent = 0;
  const bench::Measured measured = bench::ramp(seconds, [&](std::uint64_t count) {
    const auto start = std::chrono::steady_clock::now();
    produce(ring, message, count);
    sent += count;
    spin_until([&] { return ring.shared->taken.load(std::memory_order_acquire) >= sent; });
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  });
  kill(consumer, SIGKILL);
  waitpid(consumer, nullptr, 0);
  bench::print(measured);
  return 0;
}
