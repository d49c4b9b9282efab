// Taking the name, and the holder's calls.
#include "windows/pipe_listener.h"

#include <algorithm>
#include <span>
#include <utility>

#include "windows/named_pipe.h"
#include "windows/pipe_channel.h"
#include "windows/pipe_door.h"
#include "windows/system_random.h"
#include "windows/user_identity.h"

namespace busbar::windows_platform {
namespace {

// A section with a larger number was not written by us.
constexpr std::uint64_t kMaxGenerations = 1ULL << 48U;

}  // namespace

PipeListener::PipeListener(std::shared_ptr<const BusPlace> place, std::uint64_t number,
                           std::unique_ptr<EventNameBell> bell,
                           std::unique_ptr<PipeDoor> door) noexcept
    : place_(std::move(place)), number_(number), bell_(std::move(bell)), door_(std::move(door)) {}

PipeListener::~PipeListener() = default;

Result<std::unique_ptr<Listener>> PipeListener::take_name(std::shared_ptr<const BusPlace> place) {
  std::uint64_t number = 0;
  const Error error = fill_random(std::as_writable_bytes(std::span(&number, 1)));
  if (!error.ok()) return error;
  number = std::max<std::uint64_t>(number, 1);
  auto bell = EventNameBell::open(*place, number);
  if (!bell) return bell.error();
  auto door = PipeDoor::open(place->pipe_of(number));
  if (!door) return door.error();
  // The door opens before the name leads to it, and the previous holder's members are woken when
  // the name no longer leads there.
  const std::uint64_t former = place->record().holder.exchange(number);
  if (former != 0) {
    auto former_bell = EventNameBell::open(*place, former);
    if (former_bell) former_bell.value()->ring();
  }
  return std::unique_ptr<Listener>(
      std::make_unique<PipeListener>(std::move(place), number, bell.take(), door.take()));
}

Result<std::unique_ptr<Channel>> PipeListener::accept() {
  auto pipe = door_->next();
  if (!pipe) return pipe.error();
  ULONG visitor = 0;
  if (::GetNamedPipeClientProcessId(borrow_handle(pipe.value()), &visitor) == 0) {
    return last_error();
  }
  return PipeChannel::create(pipe.take(), {visitor, user_of(visitor)}, visitor);
}

Result<Handle> PipeListener::share() const { return door_->share(); }

std::uint64_t PipeListener::begin_generation(std::uint64_t at_least) noexcept {
  auto& last = place_->record().last_generation;
  const std::uint64_t before = last.load() < kMaxGenerations ? last.load() : 0;
  const std::uint64_t ours = std::max(at_least, before + 1);
  last = ours;
  return ours;
}

bool PipeListener::holds_name() const noexcept { return place_->record().holder == number_; }

void PipeListener::release_name(bool bus_ended) noexcept {
  const Result<NameLock> lock = place_->try_lock();
  if (!lock || !holds_name()) return;
  if (bus_ended) place_->record().last_generation = 0;
  place_->record().holder = 0;
}

RawHandle PipeListener::visitor_event() const noexcept { return door_->event(); }

}  // namespace busbar::windows_platform
