// Linux only: a controller whose process is out of descriptors, all held by messages that wait for
// an introduction that the controller itself must pass on.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "endpoint/endpoint_program.h"
#include "support/check.h"
#include "support/linux_descriptors.h"

namespace busbar::test {
namespace {

// Joins after a byte on `told`, and writes one byte per message to `telling`.
[[noreturn]] void be_receiver(const std::string& identifier, int told, int telling) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char byte = 0;
  if (read(told, &byte, 1) != 1) _exit(1);
  EndpointProgram program(native_platform(), identifier, "receiver", false);
  program.on_message = [telling](const ReceivedMessage& message, std::span<const std::byte>) {
    const char objects = static_cast<char>(message.objects.size());
    if (write(telling, &objects, 1) != 1) _exit(2);
  };
  if (!program.join()) _exit(3);
  while (program.turn(1000)) {
  }
  _exit(0);
}

}  // namespace

TEST(linux_introduction_finds_room_though_objects_hold_all_descriptors) {
  const std::string identifier = "test.reserve." + std::to_string(getpid());
  int order[2];
  int news[2];
  REQUIRE(pipe2(order, O_CLOEXEC) == 0 && pipe2(news, O_CLOEXEC | O_NONBLOCK) == 0);
  const pid_t child = fork();
  if (child == 0) be_receiver(identifier, order[0], news[1]);
  EndpointProgram sender(native_platform(), identifier, "sender");
  REQUIRE(sender.join());
  const std::uint32_t route = sender.route("receiver", true);
  CHECK_EQ(write(order[1], "j", 1), 1);
  CHECK(sender.turn_until([&] { return !sender.endpoint->matches(route).empty(); }));

  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit tight{static_cast<rlim_t>(count_descriptors()) + 40, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &tight);
  auto object = native_platform().adopt(open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(object.ok());
  const Handle* objects[] = {&object.value()};
  SendRequest request;
  request.route = route;
  request.objects = objects;
  int accepted = 0;
  while (sender.endpoint->send(request).error.ok()) ++accepted;
  sender.endpoint->flush_bells();
  CHECK(accepted > 0);
  int arrived = 0;
  CHECK(sender.turn_until([&] {
    char count = 0;
    while (read(news[0], &count, 1) == 1) arrived += count;
    return arrived == accepted;
  }));
  setrlimit(RLIMIT_NOFILE, &before);
  sender.close();
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  for (const int fd : {order[0], order[1], news[0], news[1]}) close(fd);
}

}  // namespace busbar::test
