// Channel as a named pipe of messages between two processes. Handles do not travel in the pipe: the
// sender puts them into the receiver's table and sends their numbers.
//
//   datagram: count (32 bits), process of the receiver (32 bits), `count` numbers of 64 bits, the
//   descriptions of those
//             whose number is 0, which are sockets, the bytes
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "platform/channel.h"
#include "windows/kernel_handle.h"
#include "windows/system_socket.h"

namespace busbar::windows_platform {

// One overlapped operation of a pipe with the event that is signaled while none is under way.
class PipeOperation;

class PipeChannel final : public Channel {
 public:
  // `peer`: who made the other end; `receiver`: the process that reads there, 0 when no handles are
  // to be sent.
  [[nodiscard]] static Result<std::unique_ptr<Channel>> create(Handle pipe, ProcessIdentity peer,
                                                               std::uint32_t receiver);
  PipeChannel(Handle pipe, ProcessIdentity peer, Handle receiver, std::uint32_t receiver_pid,
              std::unique_ptr<PipeOperation> reading, std::unique_ptr<PipeOperation> writing);
  ~PipeChannel() override;

  [[nodiscard]] Error send(std::span<const std::byte> bytes,
                           std::span<const Handle* const> handles) override;
  [[nodiscard]] Result<Datagram> receive() override;
  [[nodiscard]] Result<Datagram> receive_sent() override;
  [[nodiscard]] Result<Handle> share() const override;
  [[nodiscard]] ProcessIdentity peer() const noexcept override { return peer_; }

  // For the reactor. Signaled when receive() has something to tell; begins to read if nobody did.
  [[nodiscard]] RawHandle readable_event() const;
  // Signaled when send() would be tried.
  [[nodiscard]] RawHandle writable_event() const noexcept;

 private:
  // What was put into the receiver's table, or is to be: in their order the numbers, and of those
  // that are 0 the sockets.
  struct Passed {
    std::vector<RawHandle> numbers;
    std::vector<SocketDescription> sockets;
  };

  [[nodiscard]] Error write(std::span<const std::byte> bytes, const Passed& passed);
  [[nodiscard]] Result<Passed> put_handles(std::span<const Handle* const> handles);
  [[nodiscard]] Error put_handle(const Handle& handle, Passed& passed);
  [[nodiscard]] Error receiver_refused(Error error) noexcept;
  void take_back(const std::vector<RawHandle>& numbers) noexcept;
  void begin_reading() const;
  [[nodiscard]] Result<Datagram> finish_reading();
  [[nodiscard]] Result<Datagram> take_datagram(std::size_t length) const;

  Handle pipe_;
  ProcessIdentity peer_;
  // Open with the right to put handles there; none when that was not to be had.
  Handle receiver_;
  std::uint32_t receiver_pid_;
  std::unique_ptr<PipeOperation> reading_;
  std::unique_ptr<PipeOperation> writing_;
  // The pipe goes on, but who reads there is another process than the one that made it and has
  // ended: a door was handed over with us at it. Nobody is left to whom handles could be sent.
  std::atomic<bool> orphaned_{false};
};

// `receiver`: the process that will adopt the other end, 0 if nobody sends it handles.
[[nodiscard]] Result<ChannelPair> create_pipe_pair(std::uint32_t receiver);
// ProtocolViolation for everything but one end of such a pair.
[[nodiscard]] Result<std::unique_ptr<Channel>> adopt_pipe_channel(Handle handle);

}  // namespace busbar::windows_platform
