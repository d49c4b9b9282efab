// ConnectNamedPipe.
#include "windows/pipe_door.h"

#include <algorithm>
#include <utility>

#include "windows/event_doorbell.h"
#include "windows/named_pipe.h"
#include "windows/pipe_operation.h"

namespace busbar::windows_platform {
namespace {

// How many visitors can connect before the first one is accepted.
constexpr std::size_t kEnds = 8;

}  // namespace

// Must not move while an operation is pending.
struct PipeDoor::End {
  explicit End(Handle handle) noexcept : pipe(std::move(handle)) {}
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  ~End() {
    if (pipe.valid() && outcome == ERROR_IO_PENDING)
      stop_operation(borrow_handle(pipe), overlapped);
  }

  Handle pipe;
  OVERLAPPED overlapped{};
  // ERROR_PIPE_CONNECTED: a visitor has connected.
  DWORD outcome = ERROR_SUCCESS;
};

PipeDoor::PipeDoor(std::string name, Handle event) noexcept
    : name_(std::move(name)), event_(std::move(event)) {}

PipeDoor::~PipeDoor() = default;

Result<std::unique_ptr<PipeDoor>> PipeDoor::open(std::string name) {
  auto event = create_event(false);
  if (!event) return event.error();
  auto door = std::make_unique<PipeDoor>(std::move(name), event.take());
  for (std::size_t i = 0; i < kEnds; ++i) {
    const Error error = door->add_end(i == 0);
    if (!error.ok()) return error;
  }
  return door;
}

Error PipeDoor::add_end(bool first) {
  auto pipe = create_pipe(name_, kUnlimitedInstances, first);
  if (!pipe) return pipe.error();
  ends_.push_back(std::make_unique<End>(pipe.take()));
  wait_for_visitor(*ends_.back());
  return {};
}

void PipeDoor::wait_for_visitor(End& end) noexcept {
  // Twice: a visitor may have connected and left in between.
  for (int attempt = 0; attempt < 2; ++attempt) {
    end.overlapped = {};
    end.overlapped.hEvent = event();
    const bool done = ::ConnectNamedPipe(borrow_handle(end.pipe), &end.overlapped) != 0;
    end.outcome = done ? ERROR_PIPE_CONNECTED : ::GetLastError();
    if (end.outcome != ERROR_NO_DATA) break;
    ::DisconnectNamedPipe(borrow_handle(end.pipe));
  }
  // ConnectNamedPipe reset the event, which the other ends share.
  set_event();
}

bool PipeDoor::visitor_came(End& end) noexcept {
  if (end.outcome == ERROR_IO_PENDING) {
    DWORD ignored = 0;
    const bool done =
        ::GetOverlappedResult(borrow_handle(end.pipe), &end.overlapped, &ignored, FALSE) != 0;
    const DWORD outcome = done ? ERROR_PIPE_CONNECTED : ::GetLastError();
    if (outcome == ERROR_IO_INCOMPLETE) return false;
    end.outcome = outcome;
  }
  return end.outcome == ERROR_PIPE_CONNECTED;
}

// Also set when an end has failed, so that next() reconnects it.
void PipeDoor::set_event() noexcept {
  const bool any = std::any_of(ends_.begin(), ends_.end(), [](const auto& end) {
    return visitor_came(*end) || end->outcome != ERROR_IO_PENDING;
  });
  if (any) ::SetEvent(event());
}

Result<Handle> PipeDoor::next() {
  ::ResetEvent(event());
  for (auto& end : ends_) {
    if (visitor_came(*end)) {
      // Created before this end is given away: the name must have an end at all times.
      auto following = create_pipe(name_, kUnlimitedInstances, false);
      if (!following) {
        set_event();
        return following.error();
      }
      Handle visitor = std::exchange(end->pipe, following.take());
      wait_for_visitor(*end);
      return visitor;
    }
    if (end->outcome == ERROR_IO_PENDING) continue;
    // The visitor has left again, or the thread that started the wait has ended.
    ::DisconnectNamedPipe(borrow_handle(end->pipe));
    wait_for_visitor(*end);
  }
  set_event();
  return Status::WouldBlock;
}

Result<Handle> PipeDoor::share() {
  // An end with a visitor takes no other.
  const auto empty =
      std::find_if(ends_.begin(), ends_.end(), [](const auto& end) { return !visitor_came(*end); });
  if (empty == ends_.end()) return Status::WouldBlock;
  auto shared = duplicate_handle(borrow_handle((*empty)->pipe));
  if (!shared) return shared;
  std::erase_if(ends_, [kept = empty->get()](const auto& end) {
    return end.get() != kept && !visitor_came(*end);
  });
  return shared;
}

}  // namespace busbar::windows_platform
