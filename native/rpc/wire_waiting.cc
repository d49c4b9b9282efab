// The part of the port over wires that waits: for bytes, for room, for others who connect.
#include "rpc/core.h"
#include "rpc/wire_port.h"
#include "rpc/wire_sockets.h"

#if !defined(_WIN32)
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include <csignal>

namespace busbar::rpc {

namespace detail {

#if defined(_WIN32)

WirePort::~WirePort() = default;
Status WirePort::prepare() { return Status(BUSBAR_UNSUPPORTED); }
void WirePort::wake() {}
bool WirePort::wait(std::int32_t) { return false; }
void WirePort::accept_wires() {}
void WirePort::close() {}
void WirePort::mask_signals() {}
std::uint16_t WirePort::listens_at() const noexcept { return 0; }

#else

namespace {

// Wires that are taken in at once; then others get their turn.
constexpr int kAccepts = 64;

void set_flags(int descriptor) {
  (void)fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

void close_one(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

}  // namespace

WirePort::~WirePort() {
  close();
  close_one(wake_from_);
  close_one(wake_to_);
}

Status WirePort::prepare() {
  int ends[2];
  if (pipe(ends) != 0) return Status(BUSBAR_OUT_OF_DESCRIPTORS);
  wake_from_ = ends[0];
  wake_to_ = ends[1];
  set_flags(wake_from_);
  set_flags(wake_to_);
  return {};
}

std::uint16_t WirePort::listens_at() const noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (listener_ < 0 || getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return 0;
  if (address.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  if (address.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  return 0;
}

// A write to a pipe that nobody reads any more shall fail, and not end the process.
void WirePort::mask_signals() {
  if (masked_) return;
  masked_ = true;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void WirePort::wake() {
  const char one = 0;
  // Full: it will wake up.
  [[maybe_unused]] const ssize_t written = ::write(wake_to_, &one, 1);
}

void WirePort::accept_wires() {
  for (int count = 0; count < kAccepts; ++count) {
    const int made = accept(listener_, nullptr, nullptr);
    if (made < 0) return;
    set_flags(made);
    const int on = 1;
    (void)setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::uint64_t peer = next_peer_++;
    auto line = std::make_unique<WireLine>(peer, made, made, options_);
    if (lines_.size() < options_.max_wires) {
      lines_.emplace(peer, std::move(line));
      continue;
    }
    append_frame(line->out(), FrameKind::refusal,
                 refusal_content({"TOO_MANY_WIRES", "there are as many wires as are taken"}));
    (void)line->write();
  }
}

// Returns whether something may have come.
bool WirePort::wait(std::int32_t timeout) {
  struct Looked {
    std::uint64_t peer;
    std::size_t from;
    std::size_t to;
  };
  std::vector<pollfd> descriptors;
  std::vector<Looked> looked;
  std::int32_t patient = timeout;
  mask_signals();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!events_.empty()) return true;
    descriptors.push_back({wake_from_, POLLIN, 0});
    descriptors.push_back({listener_, POLLIN, 0});
    for (const auto& [peer, line] : lines_) {
      const short writes = line->waiting() > 0 ? POLLOUT : 0;
      Looked each{peer, descriptors.size(), descriptors.size()};
      if (line->from() == line->to()) {
        descriptors.push_back({line->from(), static_cast<short>(POLLIN | writes), 0});
      } else {
        descriptors.push_back({line->from(), POLLIN, 0});
        each.to = descriptors.size();
        // Without anything to write, only its end is told.
        descriptors.push_back({line->to(), writes, 0});
      }
      looked.push_back(each);
    }
    patient = patience(timeout);
  }
  const int count = poll(descriptors.data(), static_cast<nfds_t>(descriptors.size()), patient);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (count > 0) {
    if (descriptors[0].revents != 0) {
      char drained[64];
      while (::read(wake_from_, drained, sizeof drained) > 0) continue;
    }
    if (descriptors[1].revents != 0) accept_wires();
    constexpr short kReads = POLLIN | POLLHUP | POLLERR | POLLNVAL;
    for (const Looked& each : looked) {
      const auto found = lines_.find(each.peer);
      if (found == lines_.end()) continue;
      WireLine& line = *found->second;
      const bool is_gone = each.to != each.from && (descriptors[each.to].revents & POLLERR) != 0;
      if (is_gone && (descriptors[each.from].revents & POLLIN) == 0) {
        end(found, nullptr);
      } else if ((descriptors[each.from].revents & kReads) == 0 || received(line)) {
        if (line.waiting() > 0) (void)write(line);
      }
    }
  }
  look_at_clocks();
  return count > 0 || !events_.empty() || !ready_.empty();
}

// Sends what waits, and says goodbye.
void WirePort::close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return;
  closed_ = true;
  close_one(listener_);
  const auto until = Clock::now() + std::chrono::seconds(1);
  for (const auto& [peer, line] : lines_) {
    append_frame(line->out(), FrameKind::bye, {});
    while (line->write() && line->waiting() > 0 && Clock::now() < until) {
      pollfd room{line->to(), POLLOUT, 0};
      (void)poll(&room, 1, 100);
    }
    // The other side reads the last words, and ends its half then.
    if (shutdown(line->to(), SHUT_WR) != 0) continue;
    pollfd rest{line->from(), POLLIN, 0};
    while (Clock::now() < until && poll(&rest, 1, 100) >= 0) {
      if (rest.revents != 0 && !line->read()) break;
    }
  }
  lines_.clear();
  events_.clear();
  if (!opening_) {
    opening_ = Status(BUSBAR_CLOSED);
    opened_.notify_all();
  }
}

#endif

}  // namespace detail

namespace {

busbar::Result<Session> open_wire(const WireOptions& options, bool connects, int listener,
                                  const detail::WireEnds* ends) {
  auto core = std::make_shared<detail::Core>(std::vector<std::string>());
  auto port = std::make_shared<detail::WirePort>(*core, options, connects, listener);
  if (const Status status = port->prepare(); !status) return status;
  if (ends != nullptr) port->add(ends->from, ends->to);
  core->begin(port);
  Session session(core);
  if (connects) {
    if (const Status status = port->wait_open(); !status) return status;
  }
  return session;
}

}  // namespace

busbar::Result<Session> connect_wire(const WireAddress& address, const WireOptions& options) {
  auto ends = detail::dial(address);
  if (!ends) return ends.status();
  return open_wire(options, true, -1, &*ends);
}

busbar::Result<Session> listen_wire(const WireAddress& address, const WireOptions& options) {
  if (address.kind == WireAddress::Kind::descriptors) {
    auto ends = detail::dial(address);
    if (!ends) return ends.status();
    return open_wire(options, false, -1, &*ends);
  }
  auto listener = detail::listen_at(address);
  if (!listener) return listener.status();
  return open_wire(options, false, *listener, nullptr);
}

std::uint16_t wire_port(const Session& session) {
  const std::shared_ptr<detail::Port> port = session.core()->port();
  return port == nullptr ? std::uint16_t{0} : port->listens_at();
}

}  // namespace busbar::rpc
