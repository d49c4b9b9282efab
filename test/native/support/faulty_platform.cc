// Every call that can fail, of the platform and its objects, first checks whether it must fail.
#include "support/faulty_platform.h"

#include <utility>

namespace busbar::test {
namespace {

class FaultyChannel final : public Channel {
 public:
  FaultyChannel(FaultyPlatform& faults, std::unique_ptr<Channel> inner)
      : faults_(faults), inner_(std::move(inner)) {}
  [[nodiscard]] Error send(std::span<const std::byte> bytes,
                           std::span<const Handle* const> handles) override {
    if (const Error error = faults_.trip("Channel::send"); !error.ok()) return error;
    return inner_->send(bytes, handles);
  }
  [[nodiscard]] Result<Datagram> receive() override { return inner_->receive(); }
  [[nodiscard]] Result<Handle> share() const override {
    if (const Error error = faults_.trip("Channel::share"); !error.ok()) return error;
    return inner_->share();
  }
  [[nodiscard]] ProcessIdentity peer() const noexcept override { return inner_->peer(); }
  [[nodiscard]] const Channel& inner() const noexcept { return *inner_; }

 private:
  FaultyPlatform& faults_;
  std::unique_ptr<Channel> inner_;
};

class FaultyListener final : public Listener {
 public:
  FaultyListener(FaultyPlatform& faults, std::unique_ptr<Listener> inner)
      : faults_(faults), inner_(std::move(inner)) {}
  [[nodiscard]] Result<std::unique_ptr<Channel>> accept() override {
    if (const Error error = faults_.trip("Listener::accept"); !error.ok()) return error;
    auto channel = inner_->accept();
    if (!channel) return channel.error();
    return std::unique_ptr<Channel>(std::make_unique<FaultyChannel>(faults_, channel.take()));
  }
  [[nodiscard]] Result<Handle> share() const override {
    if (const Error error = faults_.trip("Listener::share"); !error.ok()) return error;
    return inner_->share();
  }
  [[nodiscard]] std::uint64_t begin_generation(std::uint64_t at_least) noexcept override {
    return inner_->begin_generation(at_least);
  }
  [[nodiscard]] bool holds_name() const noexcept override { return inner_->holds_name(); }
  void release_name(bool bus_ended) noexcept override { inner_->release_name(bus_ended); }
  [[nodiscard]] const Listener& inner() const noexcept { return *inner_; }

 private:
  FaultyPlatform& faults_;
  std::unique_ptr<Listener> inner_;
};

class FaultyRendezvous final : public Rendezvous {
 public:
  FaultyRendezvous(FaultyPlatform& faults, std::unique_ptr<Rendezvous> inner)
      : faults_(faults), inner_(std::move(inner)) {}
  [[nodiscard]] Result<std::unique_ptr<Channel>> connect() override {
    if (const Error error = faults_.trip("Rendezvous::connect"); !error.ok()) return error;
    auto channel = inner_->connect();
    if (!channel) return channel.error();
    return std::unique_ptr<Channel>(std::make_unique<FaultyChannel>(faults_, channel.take()));
  }
  [[nodiscard]] Result<std::unique_ptr<Listener>> claim() override {
    if (const Error error = faults_.trip("Rendezvous::claim"); !error.ok()) return error;
    return wrap(inner_->claim());
  }
  [[nodiscard]] Result<std::unique_ptr<Listener>> depose(std::uint64_t holder) override {
    if (const Error error = faults_.trip("Rendezvous::depose"); !error.ok()) return error;
    return wrap(inner_->depose(holder));
  }
  [[nodiscard]] std::uint64_t holder() const noexcept override { return inner_->holder(); }
  [[nodiscard]] Result<std::unique_ptr<NameBell>> open_bell() override {
    if (const Error error = faults_.trip("Rendezvous::open_bell"); !error.ok()) return error;
    return inner_->open_bell();
  }
  [[nodiscard]] bool has_listeners() noexcept override { return inner_->has_listeners(); }

 private:
  Result<std::unique_ptr<Listener>> wrap(Result<std::unique_ptr<Listener>> made) {
    if (!made) return made.error();
    return std::unique_ptr<Listener>(std::make_unique<FaultyListener>(faults_, made.take()));
  }

  FaultyPlatform& faults_;
  std::unique_ptr<Rendezvous> inner_;
};

class FaultyMemory final : public SharedMemory {
 public:
  FaultyMemory(FaultyPlatform& faults, std::unique_ptr<SharedMemory> inner)
      : faults_(faults), inner_(std::move(inner)) {}
  [[nodiscard]] std::byte* data() const noexcept override { return inner_->data(); }
  [[nodiscard]] std::size_t size() const noexcept override { return inner_->size(); }
  [[nodiscard]] Result<Handle> share() const override {
    if (const Error error = faults_.trip("SharedMemory::share"); !error.ok()) return error;
    return inner_->share();
  }
  [[nodiscard]] bool is_same(const Handle& handle) const noexcept override {
    return inner_->is_same(handle);
  }
  void stop_sharing() noexcept override { inner_->stop_sharing(); }

 private:
  FaultyPlatform& faults_;
  std::unique_ptr<SharedMemory> inner_;
};

class FaultyReactor final : public Reactor {
 public:
  FaultyReactor(FaultyPlatform& faults, std::unique_ptr<Reactor> inner)
      : faults_(faults), inner_(std::move(inner)) {}
  [[nodiscard]] Error watch(const Channel& channel, std::uint64_t token) override {
    if (const Error error = faults_.trip("Reactor::watch channel"); !error.ok()) return error;
    return inner_->watch(static_cast<const FaultyChannel&>(channel).inner(), token);
  }
  [[nodiscard]] Error watch(const Listener& listener, std::uint64_t token) override {
    if (const Error error = faults_.trip("Reactor::watch listener"); !error.ok()) return error;
    return inner_->watch(static_cast<const FaultyListener&>(listener).inner(), token);
  }
  [[nodiscard]] Error watch(const NameBell& bell, std::uint64_t token) override {
    if (const Error error = faults_.trip("Reactor::watch bell"); !error.ok()) return error;
    return inner_->watch(bell, token);
  }
  [[nodiscard]] Error watch_process(std::uint32_t pid, std::uint64_t token) override {
    if (const Error error = faults_.trip("Reactor::watch_process"); !error.ok()) return error;
    return inner_->watch_process(pid, token);
  }
  void want_writable(std::uint64_t token) noexcept override { inner_->want_writable(token); }
  void pause(std::uint64_t token) noexcept override { inner_->pause(token); }
  void resume(std::uint64_t token) noexcept override { inner_->resume(token); }
  void forget(std::uint64_t token) noexcept override { inner_->forget(token); }
  [[nodiscard]] std::size_t wait(std::optional<TimePoint> deadline,
                                 std::span<Readiness> out_ready) override {
    return inner_->wait(deadline, out_ready);
  }
  void wake() noexcept override { inner_->wake(); }

 private:
  FaultyPlatform& faults_;
  std::unique_ptr<Reactor> inner_;
};

}  // namespace

Result<std::unique_ptr<Rendezvous>> FaultyPlatform::open_rendezvous(std::string_view identifier) {
  if (const Error error = trip("open_rendezvous"); !error.ok()) return error;
  auto made = inner_.open_rendezvous(identifier);
  if (!made) return made.error();
  return std::unique_ptr<Rendezvous>(std::make_unique<FaultyRendezvous>(*this, made.take()));
}

Result<std::unique_ptr<SharedMemory>> FaultyPlatform::create_memory(std::size_t bytes,
                                                                    Access peers) {
  if (const Error error = trip("create_memory"); !error.ok()) return error;
  auto made = inner_.create_memory(bytes, peers);
  if (!made) return made.error();
  return std::unique_ptr<SharedMemory>(std::make_unique<FaultyMemory>(*this, made.take()));
}

Result<std::unique_ptr<SharedMemory>> FaultyPlatform::adopt_memory(Handle handle, std::size_t bytes,
                                                                   Access access) {
  if (const Error error = trip("adopt_memory"); !error.ok()) return error;
  auto made = inner_.adopt_memory(std::move(handle), bytes, access);
  if (!made) return made.error();
  return std::unique_ptr<SharedMemory>(std::make_unique<FaultyMemory>(*this, made.take()));
}

Result<std::unique_ptr<Doorbell>> FaultyPlatform::create_doorbell() {
  if (const Error error = trip("create_doorbell"); !error.ok()) return error;
  return inner_.create_doorbell();
}

Result<std::unique_ptr<DoorbellSet>> FaultyPlatform::create_doorbell_set() {
  if (const Error error = trip("create_doorbell_set"); !error.ok()) return error;
  return inner_.create_doorbell_set();
}

Result<ChannelPair> FaultyPlatform::create_channel_pair(std::uint32_t receiver) {
  if (const Error error = trip("create_channel_pair"); !error.ok()) return error;
  auto made = inner_.create_channel_pair(receiver);
  if (!made) return made.error();
  ChannelPair pair = made.take();
  pair.mine = std::make_unique<FaultyChannel>(*this, std::move(pair.mine));
  return pair;
}

Result<std::unique_ptr<Channel>> FaultyPlatform::adopt_channel(Handle handle) {
  if (const Error error = trip("adopt_channel"); !error.ok()) return error;
  auto made = inner_.adopt_channel(std::move(handle));
  if (!made) return made.error();
  return std::unique_ptr<Channel>(std::make_unique<FaultyChannel>(*this, made.take()));
}

Result<Handle> FaultyPlatform::duplicate(const Handle& handle) {
  if (const Error error = trip("duplicate"); !error.ok()) return error;
  return inner_.duplicate(handle);
}

Result<Handle> FaultyPlatform::adopt(std::intptr_t raw) {
  if (const Error error = trip("adopt"); !error.ok()) return error;
  return inner_.adopt(raw);
}

Result<std::unique_ptr<Reactor>> FaultyPlatform::create_reactor() {
  if (const Error error = trip("create_reactor"); !error.ok()) return error;
  auto made = inner_.create_reactor();
  if (!made) return made.error();
  return std::unique_ptr<Reactor>(std::make_unique<FaultyReactor>(*this, made.take()));
}

Result<std::unique_ptr<Thread>> FaultyPlatform::start_thread(std::function<void()> body) {
  if (const Error error = trip("start_thread"); !error.ok()) return error;
  return inner_.start_thread(std::move(body));
}

Error FaultyPlatform::random(std::span<std::byte> out) {
  if (const Error error = trip("random"); !error.ok()) return error;
  return inner_.random(out);
}

}  // namespace busbar::test
