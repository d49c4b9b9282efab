// Channel as a named pipe in message mode between two processes. Handles do not travel in the pipe:
// the sender duplicates them into the receiver's table and sends their numbers.
//
//   datagram: handle count (32 bits), pid of the receiver (32 bits), one number (64 bits) for each
//             handle, a description of each socket (those whose number is 0), the bytes
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

// One overlapped operation of a pipe, with an event that is signaled while no operation is pending.
class PipeOperation;

class PipeChannel final : public Channel {
 public:
  // `peer`: the process that made the other end. `receiver`: the process that reads there, 0 when
  // no handles will be sent.
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

  // For the reactor: signaled when receive() has a result. Starts a read if none is pending.
  [[nodiscard]] RawHandle readable_event() const;
  // Signaled when a send() can be tried.
  [[nodiscard]] RawHandle writable_event() const noexcept;

 private:
  // Handles in or for the receiver's table, in order: their numbers, and the sockets for the
  // numbers that are 0.
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
  // The receiver, opened with PROCESS_DUP_HANDLE; empty when that failed.
  Handle receiver_;
  std::uint32_t receiver_pid_;
  std::unique_ptr<PipeOperation> reading_;
  std::unique_ptr<PipeOperation> writing_;
  // The pipe still works, but the process that made its other end has ended and another reads
  // there: the door was handed over while we waited at it. There is no process to send handles to.
  std::atomic<bool> orphaned_{false};
};

// `receiver`: the process that will adopt the other end; 0 if nobody sends it handles.
[[nodiscard]] Result<ChannelPair> create_pipe_pair(std::uint32_t receiver);
// ProtocolViolation unless `handle` is one end of such a pair.
[[nodiscard]] Result<std::unique_ptr<Channel>> adopt_pipe_channel(Handle handle);

}  // namespace busbar::windows_platform
