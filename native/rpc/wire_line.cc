// Reads and writes the descriptors of a wire.
#include "rpc/wire_line.h"

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include <cerrno>
#include <csignal>

namespace busbar::rpc::detail {

namespace {

// Read at once; then others get their turn.
constexpr std::size_t kReadBytes = std::size_t{256} << 10U;

bool is_end(std::uint32_t kind) noexcept {
  return kind == BUSBAR_RPC_RESULT || kind == BUSBAR_RPC_ERROR || kind == BUSBAR_RPC_BUSY ||
         kind == BUSBAR_RPC_END;
}

// A call with credit asks for a stream. Metadata that cannot be read is refused by the server.
bool streams_in(const busbar_message_info& info) noexcept {
  busbar_rpc_metadata fields{};
  return busbar_rpc_read_metadata(info.metadata, &fields) == BUSBAR_OK && fields.credit_items > 0;
}

}  // namespace

bool Inbound::admit(const busbar_message_info& info) {
  const std::size_t size = info.payload.bytes;
  if (calls_.size() >= options_.calls || size > options_.bytes - bytes_) return false;
  const bool streams = streams_in(info);
  if (streams && streams_ >= options_.streams) return false;
  // A subscription has no payload that is kept.
  const std::size_t held = busbar_rpc_kind(info.format) == BUSBAR_RPC_SUBSCRIBE ? 0 : size;
  calls_[info.id] = {held, streams};
  bytes_ += held;
  if (streams) ++streams_;
  return true;
}

void Inbound::answered(std::uint64_t id, std::uint16_t format) {
  if ((format & BUSBAR_RPC_FROM_CALLER) != 0) return;
  const std::uint32_t kind = busbar_rpc_kind(format);
  if (kind == BUSBAR_RPC_FORGOTTEN) {
    calls_.clear();
    bytes_ = 0;
    streams_ = 0;
  } else if (is_end(kind)) {
    remove(id);
  }
}

void Inbound::told(std::uint64_t id, std::uint16_t format) {
  if ((format & BUSBAR_RPC_FROM_CALLER) != 0 && busbar_rpc_kind(format) == BUSBAR_RPC_CANCEL)
    remove(id);
}

void Inbound::remove(std::uint64_t id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  bytes_ -= found->second.bytes;
  if (found->second.streams) --streams_;
  calls_.erase(found);
}

bool WireLine::next_frame(std::uint32_t max_bytes, std::vector<std::byte>& frame,
                          std::optional<WireFault>& fault) {
  const std::size_t held = in_.size() - in_from_;
  if (held < kLengthBytes) return false;
  const std::uint32_t length = read_u32(&in_[in_from_]);
  if (length > max_bytes) {
    fault = WireFault{"FRAME_TOO_LARGE", "a frame of " + std::to_string(length) +
                                             " bytes; the limit is " + std::to_string(max_bytes)};
    return false;
  }
  if (length == 0) {
    fault = WireFault{"FRAME_MALFORMED", "a frame without bytes"};
    return false;
  }
  if (held < kLengthBytes + length) return false;
  const auto begin = in_.begin() + static_cast<std::ptrdiff_t>(in_from_ + kLengthBytes);
  frame.assign(begin, begin + static_cast<std::ptrdiff_t>(length));
  in_from_ += kLengthBytes + length;
  if (in_from_ == in_.size()) {
    in_.clear();
    in_from_ = 0;
  } else if (in_from_ > kReadBytes) {
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(in_from_));
    in_from_ = 0;
  }
  return true;
}

std::vector<std::uint64_t> WireLine::unsent() const {
  std::vector<std::uint64_t> calls;
  calls.reserve(calls_.size());
  for (const auto& [end, call] : calls_) calls.push_back(call);
  return calls;
}

#if defined(_WIN32)

WireLine::~WireLine() = default;
bool WireLine::read() { return false; }
bool WireLine::write() { return false; }

#else

WireLine::~WireLine() {
  ::close(from_);
  if (to_ != from_) ::close(to_);
}

bool WireLine::read() {
  thread_local std::vector<std::byte> buffer(kReadBytes);
  const ssize_t count = ::read(from_, buffer.data(), buffer.size());
  if (count > 0) {
    in_.insert(in_.end(), buffer.begin(), buffer.begin() + count);
    heard = Clock::now();
    pinged = false;
    return true;
  }
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

bool WireLine::write() {
  while (!out_.empty()) {
    // The thread of a session gets no SIGPIPE.
    const ssize_t count = ::write(to_, out_.data(), out_.size());
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    written_ += static_cast<std::uint64_t>(count);
    out_.erase(0, static_cast<std::size_t>(count));
    while (!calls_.empty() && calls_.front().first <= written_) calls_.pop_front();
  }
  return true;
}

#endif

}  // namespace busbar::rpc::detail
