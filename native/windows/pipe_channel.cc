// Datagrams of a pipe, and the handles that go with them.
#include "windows/pipe_channel.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "windows/named_pipe.h"
#include "windows/pipe_operation.h"
#include "windows/system_random.h"
#include "windows/system_socket.h"
#include "windows/user_identity.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

struct Header {
  std::uint32_t handles;
  // The process whose table the handles are in: the reader of a handed-over door may be another.
  std::uint32_t owner;
};

constexpr std::size_t kMaxPipeBytes =
    sizeof(Header) + kMaxDatagramHandles * (sizeof(std::uint64_t) + kSocketDescriptionBytes) +
    kMaxDatagramBytes;
// How many unread datagrams are read when a channel is closed, to close the handles in them.
constexpr int kMaxUnread = 4096;

std::uint64_t number_of(RawHandle raw) noexcept { return reinterpret_cast<std::uintptr_t>(raw); }
RawHandle handle_of(std::uint64_t number) noexcept {
  return reinterpret_cast<RawHandle>(static_cast<std::uintptr_t>(number));
}

std::byte* append(std::byte* place, const void* data, std::size_t bytes) noexcept {
  if (bytes > 0) std::memcpy(place, data, bytes);
  return place + bytes;
}

// True if all numbers can be handles in our table, each once; 0 means none.
bool are_open_once(std::span<const std::uint64_t> numbers) {
  std::vector<std::uint64_t> sorted(numbers.begin(), numbers.end());
  std::erase(sorted, 0U);
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end() &&
         std::all_of(sorted.begin(), sorted.end(),
                     [](std::uint64_t number) { return is_open(handle_of(number)); });
}

// Owns the handles that the datagram names. Owns nothing if any number cannot be right; if a socket
// cannot be made, the other handles are closed.
Result<std::vector<Handle>> own_numbers(std::span<const std::uint64_t> numbers,
                                        std::span<const std::byte> descriptions) {
  if (!are_open_once(numbers)) return Status::ProtocolViolation;
  std::vector<Handle> handles;
  handles.reserve(numbers.size());
  Error refusal;
  for (const std::uint64_t number : numbers) {
    if (number != 0) {
      handles.push_back(own_handle(handle_of(number)));
      continue;
    }
    SocketDescription description;
    std::memcpy(description.data(), descriptions.data(), description.size());
    descriptions = descriptions.subspan(description.size());
    auto made = own_socket(description);
    if (made) {
      handles.push_back(made.take());
    } else {
      refusal = made.error();
    }
  }
  if (!refusal.ok()) return refusal;
  return handles;
}

}  // namespace

PipeChannel::PipeChannel(Handle pipe, ProcessIdentity peer, Handle receiver,
                         std::uint32_t receiver_pid, std::unique_ptr<PipeOperation> reading,
                         std::unique_ptr<PipeOperation> writing)
    : pipe_(std::move(pipe)),
      peer_(peer),
      receiver_(std::move(receiver)),
      receiver_pid_(receiver_pid),
      reading_(std::move(reading)),
      writing_(std::move(writing)) {}

Result<std::unique_ptr<Channel>> PipeChannel::create(Handle pipe, ProcessIdentity peer,
                                                     std::uint32_t receiver) {
  auto reading = PipeOperation::create(kMaxPipeBytes);
  if (!reading) return reading.error();
  auto writing = PipeOperation::create(kMaxPipeBytes);
  if (!writing) return writing.error();
  Handle process;
  if (receiver != 0) {
    // If this fails, only handles cannot be sent.
    auto opened = open_process(receiver, PROCESS_DUP_HANDLE);
    if (opened) process = opened.take();
  }
  return std::unique_ptr<Channel>(std::make_unique<PipeChannel>(
      std::move(pipe), peer, std::move(process), receiver, reading.take(), writing.take()));
}

PipeChannel::~PipeChannel() {
  const RawHandle pipe = borrow_handle(pipe_);
  std::size_t length = 0;
  writing_->cancel(pipe, length);
  bool got = reading_->cancel(pipe, length);
  for (int unread = 0; unread < kMaxUnread; ++unread) {
    // Destroyed at once, with its handles.
    if (got) [[maybe_unused]]
      const auto dropped = take_datagram(length);
    DWORD waiting = 0;
    if (::PeekNamedPipe(pipe, nullptr, 0, nullptr, &waiting, nullptr) == 0 || waiting == 0) break;
    reading_->read(pipe);
    got = reading_->cancel(pipe, length);
  }
}

RawHandle PipeChannel::readable_event() const {
  if (!reading_->under_way()) begin_reading();
  return reading_->event();
}

RawHandle PipeChannel::writable_event() const noexcept { return writing_->event(); }

Result<Handle> PipeChannel::share() const { return duplicate_handle(borrow_handle(pipe_)); }

Error PipeChannel::send(std::span<const std::byte> bytes, std::span<const Handle* const> handles) {
  if (bytes.empty()) return {Status::InvalidArgument};
  if (bytes.size() > kMaxDatagramBytes || handles.size() > kMaxDatagramHandles) {
    return {Status::TooLarge};
  }
  for (const Handle* handle : handles) {
    if (handle == nullptr || !handle->valid()) return {Status::InvalidArgument};
  }
  if (writing_->under_way()) {
    std::size_t ignored = 0;
    const std::uint32_t outcome = writing_->finish(borrow_handle(pipe_), ignored);
    if (outcome == ERROR_IO_INCOMPLETE) return {Status::WouldBlock};
    if (outcome != ERROR_SUCCESS && outcome != ERROR_OPERATION_ABORTED) return error_of(outcome);
  }
  auto passed = put_handles(handles);
  if (!passed) return passed.error();
  const Error error = write(bytes, passed.value());
  if (!error.ok()) take_back(passed.value().numbers);
  return error;
}

Error PipeChannel::write(std::span<const std::byte> bytes, const Passed& passed) {
  const Header header{static_cast<std::uint32_t>(passed.numbers.size()), receiver_pid_};
  std::byte* place = append(writing_->buffer().data(), &header, sizeof header);
  for (const RawHandle raw : passed.numbers) {
    const std::uint64_t number = number_of(raw);
    place = append(place, &number, sizeof number);
  }
  for (const SocketDescription& socket : passed.sockets) {
    place = append(place, socket.data(), socket.size());
  }
  place = append(place, bytes.data(), bytes.size());
  writing_->write(borrow_handle(pipe_),
                  static_cast<std::size_t>(place - writing_->buffer().data()));
  std::size_t written = 0;
  const std::uint32_t outcome = writing_->finish(borrow_handle(pipe_), written);
  // The pipe is full: this datagram goes when there is room, before any other.
  if (outcome == ERROR_IO_INCOMPLETE) return {};
  return error_of(outcome);
}

Result<PipeChannel::Passed> PipeChannel::put_handles(std::span<const Handle* const> handles) {
  Passed passed;
  if (handles.empty()) return passed;
  if (!receiver_.valid()) return receiver_refused({Status::Permission, ERROR_ACCESS_DENIED});
  passed.numbers.reserve(handles.size());
  for (const Handle* handle : handles) {
    const Error error = put_handle(*handle, passed);
    if (error.ok()) continue;
    take_back(passed.numbers);
    return receiver_refused(error);
  }
  return passed;
}

Error PipeChannel::put_handle(const Handle& handle, Passed& passed) {
  if (is_socket(handle)) {
    auto description = describe_socket(handle.borrow(), receiver_pid_);
    if (!description) return description.error();
    passed.sockets.push_back(description.value());
    passed.numbers.push_back(nullptr);
    return {};
  }
  HANDLE copy = nullptr;
  if (::DuplicateHandle(::GetCurrentProcess(), borrow_handle(handle), borrow_handle(receiver_),
                        &copy, 0, FALSE, DUPLICATE_SAME_ACCESS) == 0) {
    return last_error();
  }
  passed.numbers.push_back(copy);
  return {};
}

// A process that is ending or has ended refuses new handles.
Error PipeChannel::receiver_refused(Error error) noexcept {
  if (error.status != Status::Permission) return error;
  // Wakes the reader of this channel too: its owner must close it.
  orphaned_ = true;
  reading_->signal();
  return {Status::PeerGone, error.os_code};
}

void PipeChannel::take_back(const std::vector<RawHandle>& numbers) noexcept {
  for (const RawHandle number : numbers) {
    if (number == nullptr) continue;
    ::DuplicateHandle(borrow_handle(receiver_), number, nullptr, nullptr, 0, FALSE,
                      DUPLICATE_CLOSE_SOURCE);
  }
}

void PipeChannel::begin_reading() const { reading_->read(borrow_handle(pipe_)); }

Result<Datagram> PipeChannel::receive() {
  if (orphaned_) return Status::PeerGone;
  if (!reading_->under_way()) begin_reading();
  return finish_reading();
}

// A pending read may have been served while its completion still waits for the thread that started
// it. Cancelling the read ends it either way; the next read finds data that it did not get.
Result<Datagram> PipeChannel::receive_sent() {
  auto received = receive();
  if (received.status() != Status::WouldBlock) return received;
  std::size_t length = 0;
  if (reading_->cancel(borrow_handle(pipe_), length)) {
    auto datagram = take_datagram(length);
    begin_reading();
    return datagram;
  }
  begin_reading();
  return finish_reading();
}

Result<Datagram> PipeChannel::finish_reading() {
  std::size_t length = 0;
  std::uint32_t outcome = reading_->finish(borrow_handle(pipe_), length);
  if (outcome == ERROR_OPERATION_ABORTED) {
    // The thread that started the read has ended, and the system cancelled its reads.
    begin_reading();
    outcome = reading_->finish(borrow_handle(pipe_), length);
  }
  if (outcome == ERROR_IO_INCOMPLETE) return Status::WouldBlock;
  if (outcome == ERROR_MORE_DATA) {
    begin_reading();
    return Status::ProtocolViolation;
  }
  if (outcome != ERROR_SUCCESS) {
    // The next receive() reports it again.
    reading_->signal();
    return error_of(outcome);
  }
  auto datagram = take_datagram(length);
  begin_reading();
  return datagram;
}

Result<Datagram> PipeChannel::take_datagram(std::size_t length) const {
  const std::byte* place = reading_->buffer().data();
  Header header{};
  if (length < sizeof header) return Status::ProtocolViolation;
  std::memcpy(&header, place, sizeof header);
  // The numbers in another process's table mean other objects here.
  const bool ours = header.handles == 0 || header.owner == ::GetCurrentProcessId();
  if (header.handles > kMaxDatagramHandles || !ours ||
      length <= sizeof header + header.handles * sizeof(std::uint64_t)) {
    return Status::ProtocolViolation;
  }
  std::vector<std::uint64_t> numbers(header.handles);
  std::memcpy(numbers.data(), place + sizeof header, numbers.size() * sizeof(std::uint64_t));
  const auto sockets = static_cast<std::size_t>(std::count(numbers.begin(), numbers.end(), 0U));
  const std::size_t described = sizeof header + numbers.size() * sizeof(std::uint64_t);
  const std::size_t begin = described + sockets * kSocketDescriptionBytes;
  if (length <= begin || length - begin > kMaxDatagramBytes) return Status::ProtocolViolation;
  auto handles = own_numbers(numbers, {place + described, place + begin});
  if (!handles) return handles.error();
  return Datagram{{place + begin, place + length}, handles.take()};
}

Result<ChannelPair> create_pipe_pair(std::uint32_t receiver) {
  std::array<std::uint64_t, 2> chance{};
  const Error error = fill_random(std::as_writable_bytes(std::span(chance)));
  if (!error.ok()) return error;
  char name[96];
  std::snprintf(name, sizeof name, "\\\\.\\pipe\\busbar-link-%016llx%016llx",
                static_cast<unsigned long long>(chance[0]),
                static_cast<unsigned long long>(chance[1]));
  auto mine = create_pipe(name, 1);
  if (!mine) return mine.error();
  auto theirs = open_pipe(name);
  if (!theirs) return theirs.error();
  const ProcessIdentity self{::GetCurrentProcessId(), own_user()};
  auto channel = PipeChannel::create(mine.take(), self, receiver);
  if (!channel) return channel.error();
  return ChannelPair{channel.take(), theirs.take()};
}

Result<std::unique_ptr<Channel>> adopt_pipe_channel(Handle handle) {
  if (!handle.valid()) return Status::InvalidArgument;
  PipeFacts facts;
  if (!query_pipe(borrow_handle(handle), facts) || facts.server_end || !facts.single) {
    return Status::ProtocolViolation;
  }
  ULONG maker = 0;
  if (::GetNamedPipeServerProcessId(borrow_handle(handle), &maker) == 0) return last_error();
  return PipeChannel::create(std::move(handle), {maker, user_of(maker)}, maker);
}

}  // namespace busbar::windows_platform
