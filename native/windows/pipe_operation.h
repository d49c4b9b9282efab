// PipeOperation: one read or write of a pipe that may take its time, its buffer, and the event that
// is signaled while it is not under way.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/status.h"
#include "windows/kernel_handle.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {

// Cancels what is under way and returns once the system touches neither it nor its buffer any more.
// To wait for its event would not do: another operation, or signal(), may have set that.
void stop_operation(RawHandle pipe, OVERLAPPED& operation) noexcept;

class PipeOperation {
 public:
  [[nodiscard]] static Result<std::unique_ptr<PipeOperation>> create(std::size_t bytes);
  explicit PipeOperation(Handle event, std::size_t bytes);

  [[nodiscard]] RawHandle event() const noexcept { return borrow_handle(event_); }
  [[nodiscard]] std::span<std::byte> buffer() noexcept { return {buffer_.get(), buffer_bytes_}; }
  [[nodiscard]] bool under_way() const noexcept { return under_way_; }

  // Reads into all of the buffer. What can be said at once is said by finish().
  void read(RawHandle pipe) noexcept;
  // Writes the first `bytes` of the buffer.
  void write(RawHandle pipe, std::size_t bytes) noexcept;
  // The outcome: how many bytes; ERROR_IO_INCOMPLETE as long as there is none. Not under way any
  // more afterwards.
  [[nodiscard]] std::uint32_t finish(RawHandle pipe, std::size_t& out_bytes) noexcept;
  // Stops it and waits until it has stopped. True: it had come to an end before.
  bool cancel(RawHandle pipe, std::size_t& out_bytes) noexcept;
  // Makes the event say what it would if there were something to finish.
  void signal() noexcept;

 private:
  void begun(bool done) noexcept;

  Handle event_;
  // Not filled: most of its pages are never touched.
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t buffer_bytes_;
  OVERLAPPED overlapped_{};
  bool under_way_ = false;
  // It could not even begin.
  std::uint32_t refusal_ = 0;
};

}  // namespace busbar::windows_platform
