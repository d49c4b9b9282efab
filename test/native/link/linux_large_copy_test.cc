// Large payloads are copied without the endpoint's lock, so its control thread serves others
// meanwhile. The payload is on a page that cannot be accessed before another process has joined the
// bus, whose controller is the endpoint that copies.
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include "endpoint/endpoint_program.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::size_t kCopiedBytes = 1U << 20U;

std::atomic<std::byte*> closed_page{nullptr};
std::atomic<bool> copying{false};
std::atomic<bool> served{false};

// Runs in the copying thread. Waits for newcomer_while_copying, not for a time; alarm() ends a
// broken build.
void on_touch(int, siginfo_t* info, void*) {
  std::byte* page = closed_page.load();
  if (page == nullptr || info->si_addr < page || info->si_addr >= page + kCopiedBytes)
    std::_Exit(3);
  copying = true;
  while (!served) sched_yield();
  closed_page = nullptr;
  mprotect(page, kCopiedBytes, PROT_READ | PROT_WRITE);
}

class ClosedPage {
 public:
  ClosedPage() {
    void* place = mmap(nullptr, kCopiedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data_ = static_cast<std::byte*>(place);
    struct sigaction action {};
    action.sa_sigaction = on_touch;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, &before_);
    copying = false;
    served = false;
    closed_page = data_;
  }
  ~ClosedPage() {
    sigaction(SIGSEGV, &before_, nullptr);
    munmap(data_, kCopiedBytes);
  }
  [[nodiscard]] std::span<std::byte> bytes() const { return {data_, kCopiedBytes}; }

 private:
  std::byte* data_ = nullptr;
  struct sigaction before_ {};
};

// Joins once the copy has begun.
std::thread newcomer_while_copying(const std::string& identifier) {
  return std::thread([identifier] {
    while (!copying) sched_yield();
    EndpointProgram late(native_platform(), identifier, "late", false);
    CHECK(late.join());
    served = true;
    late.close();
  });
}

std::string name_of_copy_bus(const char* test) {
  return std::string("test.copy.") + test + '.' + std::to_string(getpid());
}

}  // namespace

TEST(linux_large_payload_is_sent_while_others_are_served) {
  alarm(60);
  const std::string identifier = name_of_copy_bus("send");
  EndpointProgram sender(native_platform(), identifier, "sender");
  REQUIRE(sender.join());
  EndpointProgram receiver(native_platform(), identifier, "receiver", false);
  REQUIRE(receiver.join());
  ClosedPage page;
  std::thread late = newcomer_while_copying(identifier);
  SendRequest request;
  request.route = sender.route("receiver", true);
  request.payload = page.bytes();
  CHECK_EQ(sender.endpoint->send(request).receivers, 1);
  late.join();
  sender.endpoint->flush_bells();
  CHECK(receiver.turn_until([&] { return receiver.received == 1; }));
  receiver.close();
  sender.close();
  alarm(0);
}

TEST(linux_large_payload_is_received_while_others_are_served) {
  alarm(60);
  const std::string identifier = name_of_copy_bus("receive");
  EndpointProgram receiver(native_platform(), identifier, "receiver");
  REQUIRE(receiver.join());
  EndpointProgram sender(native_platform(), identifier, "sender", false);
  REQUIRE(sender.join());
  const std::vector<std::byte> payload(kCopiedBytes, std::byte{5});
  SendRequest request;
  request.route = sender.route("receiver", true);
  request.payload = payload;
  CHECK_EQ(sender.endpoint->send(request).receivers, 1);
  sender.endpoint->flush_bells();
  ClosedPage page;
  std::thread late = newcomer_while_copying(identifier);
  std::vector<std::byte> slab(256U << 10U);
  std::vector<ReceivedMessage> messages(4);
  ReceiveBatch batch{.slab = slab, .messages = messages};
  while (batch.large_bytes == 0) {
    if (receiver.endpoint->sleep()) receiver.endpoint->bells().wait(1000);
    (void)receiver.endpoint->collect_bells();
    receiver.endpoint->receive(batch);
  }
  CHECK_EQ(batch.large_bytes, kCopiedBytes);
  CHECK(receiver.endpoint->receive_large(page.bytes(), messages[0]));
  late.join();
  CHECK(page.bytes()[kCopiedBytes - 1] == std::byte{5});
  sender.close();
  receiver.close();
  alarm(0);
}

}  // namespace busbar::test
