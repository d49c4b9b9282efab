// The election: connect, else take the name under the lock.
#include "windows/named_pipe_rendezvous.h"

#include <utility>

#include "windows/bus_place.h"
#include "windows/event_name_bell.h"
#include "windows/named_pipe.h"
#include "windows/pipe_channel.h"
#include "windows/pipe_listener.h"
#include "windows/user_identity.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

// Bridges the moment between a visitor and the end for the next visitor.
constexpr DWORD kDoorMilliseconds = 10;

Result<std::unique_ptr<Channel>> connect_to(const BusPlace& place) {
  const std::uint64_t holder = place.record().holder;
  if (holder == 0) return Status::NoController;
  const std::string name = place.pipe_of(holder);
  auto pipe = open_pipe(name);
  if (pipe.status() == Status::WouldBlock &&
      ::WaitNamedPipeA(name.c_str(), kDoorMilliseconds) != 0) {
    pipe = open_pipe(name);
  }
  if (!pipe) {
    // The holder has ended, and its pipe with it.
    const Error error = pipe.error();
    return error.os_code == ERROR_FILE_NOT_FOUND ? Error{Status::PeerGone, error.os_code} : error;
  }
  ULONG server = 0;
  if (::GetNamedPipeServerProcessId(borrow_handle(pipe.value()), &server) == 0) return last_error();
  const ProcessIdentity peer{server, user_of(server)};
  // 0: the server has just ended.
  if (peer.user == 0) return Status::PeerGone;
  // Another user made a pipe of that name before us.
  if (peer.user != own_user()) return Status::Permission;
  return PipeChannel::create(pipe.take(), peer, server);
}

class NamedPipeRendezvous final : public Rendezvous {
 public:
  explicit NamedPipeRendezvous(std::shared_ptr<const BusPlace> place) noexcept
      : place_(std::move(place)) {}

  [[nodiscard]] Result<std::unique_ptr<Channel>> connect() override { return connect_to(*place_); }

  [[nodiscard]] Result<std::unique_ptr<Listener>> claim() override {
    const Result<NameLock> lock = place_->try_lock();
    if (!lock) return lock.error();
    const std::uint64_t holder = place_->record().holder;
    if (holder != 0 && pipe_exists(place_->pipe_of(holder))) return Status::WouldBlock;
    return PipeListener::take_name(place_);
  }

  [[nodiscard]] Result<std::unique_ptr<Listener>> depose(std::uint64_t holder) override {
    const Result<NameLock> lock = place_->try_lock();
    if (!lock) return lock.error();
    if (place_->record().holder != holder) return Status::WouldBlock;
    return PipeListener::take_name(place_);
  }

  [[nodiscard]] std::uint64_t holder() const noexcept override { return place_->record().holder; }

  [[nodiscard]] Result<std::unique_ptr<NameBell>> open_bell() override {
    const std::uint64_t holder = place_->record().holder;
    if (holder == 0) return Status::NoController;
    auto bell = EventNameBell::open(*place_, holder);
    if (!bell) return bell.error();
    return std::unique_ptr<NameBell>(bell.take());
  }

 private:
  std::shared_ptr<const BusPlace> place_;
};

}  // namespace

Result<std::unique_ptr<Rendezvous>> open_named_pipe_rendezvous(std::string_view identifier) {
  auto place = BusPlace::open(identifier);
  if (!place) return place.error();
  return std::unique_ptr<Rendezvous>(std::make_unique<NamedPipeRendezvous>(place.take()));
}

}  // namespace busbar::windows_platform
