// The upper limit for passing descriptors: one process sends a descriptor with each one-byte
// message by sendmsg, another receives it by recvmsg and closes it. Nothing else. Usage:
// bare_sendmsg <bytes> <milliseconds>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "ramp.h"

namespace {

struct Message {
  char byte = 'x';
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};

  Message() {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
};

void send_descriptor(int socket, int descriptor) {
  Message message;
  cmsghdr* rights = CMSG_FIRSTHDR(&message.header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  if (sendmsg(socket, &message.header, MSG_NOSIGNAL) != 1) {
    std::perror("sendmsg");
    std::exit(1);
  }
}

void receive_descriptor(int socket) {
  Message message;
  if (recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC) != 1) std::exit(1);
  const cmsghdr* rights = CMSG_FIRSTHDR(&message.header);
  if (rights == nullptr) std::exit(1);
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(rights), sizeof descriptor);
  close(descriptor);
}

// For each number that it reads, receives that many descriptors, then reports that it has.
[[noreturn]] void consume(int socket, int orders, int answers) {
  std::uint64_t count = 0;
  while (read(orders, &count, sizeof count) == sizeof count) {
    for (std::uint64_t i = 0; i < count; ++i) receive_descriptor(socket);
    if (write(answers, &count, sizeof count) != sizeof count) break;
  }
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bare_sendmsg <bytes> <milliseconds>\n");
    return 2;
  }
  int sockets[2];
  int orders[2];
  int answers[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) != 0 || pipe(orders) != 0 ||
      pipe(answers) != 0) {
    std::perror("socketpair");
    return 1;
  }
  const pid_t consumer = fork();
  if (consumer == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    consume(sockets[1], orders[0], answers[1]);
  }
  const int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bench::Measured measured =
      bench::ramp(std::strtod(argv[2], nullptr) / 1000, [&](std::uint64_t count) {
        std::uint64_t done = 0;
        const auto start = std::chrono::steady_clock::now();
        if (write(orders[1], &count, sizeof count) != sizeof count) std::exit(1);
        for (std::uint64_t i = 0; i < count; ++i) send_descriptor(sockets[0], descriptor);
        if (read(answers[0], &done, sizeof done) != sizeof done) std::exit(1);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      });
  kill(consumer, SIGKILL);
  waitpid(consumer, nullptr, 0);
  bench::print(measured);
  return 0;
}
