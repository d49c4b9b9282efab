// ReadFile, WriteFile, GetOverlappedResult.
#include "windows/pipe_operation.h"

#include <utility>

#include "windows/event_doorbell.h"

namespace busbar::windows_platform {

void stop_operation(RawHandle pipe, OVERLAPPED& operation) noexcept {
  constexpr DWORD kMilliseconds = 1;
  ::CancelIoEx(pipe, &operation);
  while (!HasOverlappedIoCompleted(&operation))
    ::WaitForSingleObject(operation.hEvent, kMilliseconds);
}

PipeOperation::PipeOperation(Handle event, std::size_t bytes)
    : event_(std::move(event)),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(bytes)),
      buffer_bytes_(bytes) {}

Result<std::unique_ptr<PipeOperation>> PipeOperation::create(std::size_t bytes) {
  auto event = create_event(true);
  if (!event) return event.error();
  return std::make_unique<PipeOperation>(event.take(), bytes);
}

void PipeOperation::read(RawHandle pipe) noexcept {
  overlapped_ = {};
  overlapped_.hEvent = event();
  begun(::ReadFile(pipe, buffer_.get(), static_cast<DWORD>(buffer_bytes_), nullptr, &overlapped_) !=
        0);
}

void PipeOperation::write(RawHandle pipe, std::size_t bytes) noexcept {
  overlapped_ = {};
  overlapped_.hEvent = event();
  begun(::WriteFile(pipe, buffer_.get(), static_cast<DWORD>(bytes), nullptr, &overlapped_) != 0);
}

void PipeOperation::begun(bool done) noexcept {
  under_way_ = true;
  refusal_ = done ? ERROR_SUCCESS : ::GetLastError();
  // A message larger than the buffer is an outcome, too; GetOverlappedResult returns it.
  if (refusal_ == ERROR_IO_PENDING || refusal_ == ERROR_MORE_DATA) refusal_ = ERROR_SUCCESS;
  if (refusal_ != ERROR_SUCCESS) signal();
}

std::uint32_t PipeOperation::finish(RawHandle pipe, std::size_t& out_bytes) noexcept {
  DWORD bytes = 0;
  std::uint32_t outcome = refusal_;
  if (outcome == ERROR_SUCCESS && ::GetOverlappedResult(pipe, &overlapped_, &bytes, FALSE) == 0) {
    outcome = ::GetLastError();
  }
  if (outcome == ERROR_IO_INCOMPLETE) return outcome;
  under_way_ = false;
  out_bytes = bytes;
  return outcome;
}

bool PipeOperation::cancel(RawHandle pipe, std::size_t& out_bytes) noexcept {
  if (!under_way_) return false;
  under_way_ = false;
  if (refusal_ != ERROR_SUCCESS) return false;
  stop_operation(pipe, overlapped_);
  DWORD bytes = 0;
  const bool done = ::GetOverlappedResult(pipe, &overlapped_, &bytes, FALSE) != 0;
  out_bytes = bytes;
  return done;
}

void PipeOperation::signal() noexcept { ::SetEvent(event()); }

}  // namespace busbar::windows_platform
