// PipeOperation: one overlapped read or write of a pipe, its buffer, and an event that is signaled
// while no operation is pending.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/status.h"
#include "windows/kernel_handle.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {

// Cancels the operation and returns once the system uses neither it nor its buffer. Waiting for its
// event would not be enough: another operation, or signal(), may have set it.
void stop_operation(RawHandle pipe, OVERLAPPED& operation) noexcept;

class PipeOperation {
 public:
  [[nodiscard]] static Result<std::unique_ptr<PipeOperation>> create(std::size_t bytes);
  explicit PipeOperation(Handle event, std::size_t bytes);

  [[nodiscard]] RawHandle event() const noexcept { return borrow_handle(event_); }
  [[nodiscard]] std::span<std::byte> buffer() noexcept { return {buffer_.get(), buffer_bytes_}; }
  [[nodiscard]] bool under_way() const noexcept { return under_way_; }

  // Starts a read of up to the whole buffer. finish() returns the outcome, even an immediate one.
  void read(RawHandle pipe) noexcept;
  // Starts a write of the first `bytes` of the buffer.
  void write(RawHandle pipe, std::size_t bytes) noexcept;
  // Returns the outcome and the number of bytes; ERROR_IO_INCOMPLETE while pending. After any other
  // outcome the operation is no longer pending.
  [[nodiscard]] std::uint32_t finish(RawHandle pipe, std::size_t& out_bytes) noexcept;
  // Cancels the operation and waits until it has ended. True: it had completed before.
  bool cancel(RawHandle pipe, std::size_t& out_bytes) noexcept;
  // Signals the event as if there were an outcome to finish.
  void signal() noexcept;

 private:
  void begun(bool done) noexcept;

  Handle event_;
  // Not zero-filled: most of its pages are never touched.
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t buffer_bytes_;
  OVERLAPPED overlapped_{};
  bool under_way_ = false;
  // The error of an operation that could not start.
  std::uint32_t refusal_ = 0;
};

}  // namespace busbar::windows_platform
