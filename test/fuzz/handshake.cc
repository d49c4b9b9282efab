// The door of a bus: strangers who send anything in any order, some after a valid proof, against a
// controller on the loopback platform. The controller must stay in office and admit a stranger who
// follows the protocol.
#include <memory>
#include <vector>

#include "core/control/handshake.h"
#include "core/membership/membership.h"
#include "fuzz.h"
#include "loopback/loopback_world.h"

namespace busbar::fuzzing {
namespace {

const BusSecret kSecret{"bus", ""};

class Member final : public MembershipEvents {
 public:
  explicit Member(Platform& platform)
      : platform_(platform),
        reactor_(platform.create_reactor().take()),
        membership(platform, *reactor_, {.identifier = kSecret.identifier}, *this) {
    membership.start();
  }

  // Runs until nothing is left to do now.
  void settle() {
    for (int step = 0; step < 10000; ++step) {
      Readiness ready[8];
      const std::size_t count = reactor_->wait(platform_.now(), ready);
      for (std::size_t i = 0; i < count; ++i) membership.handle(ready[i]);
      const auto due = membership.next_deadline();
      const bool timer = due && *due <= platform_.now();
      if (timer) membership.handle_deadline();
      if (count == 0 && !timer) return;
    }
    require(false);
  }

  void on_admitted(std::uint64_t, std::unique_ptr<DirectoryReader> directory,
                   const ControllerChange&) override {
    directory_ = std::move(directory);
  }
  void on_directory_changed() override {}
  void on_introduced(std::uint64_t, std::uint32_t, std::uint64_t, std::uint64_t,
                     std::vector<Handle>) override {}
  void on_introduction_failed(std::uint64_t, std::uint64_t, Status) override {}
  void on_parked_received(const HandOverSource& from, Handle, std::uint64_t) override {
    membership.answer_parked(from.who.id, 0);
  }
  void on_relabelled(std::uint64_t) override {}
  void on_left(std::uint64_t) override {}
  void on_refused(Error) override {}

 private:
  Platform& platform_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<DirectoryReader> directory_;

 public:
  Membership membership;
};

class Stranger {
 public:
  explicit Stranger(Platform& platform) : platform_(platform) {
    auto rendezvous = platform.open_rendezvous(kSecret.identifier).take();
    if (auto connected = rendezvous->connect()) channel_ = connected.take();
  }

  void send(std::span<const std::byte> bytes, std::size_t handles) {
    if (channel_ == nullptr) return;
    std::vector<Handle> made;
    std::vector<const Handle*> borrowed;
    made.reserve(handles);
    borrowed.reserve(handles);
    for (std::size_t i = 0; i < handles; ++i)
      made.push_back(platform_.create_doorbell().value()->share().take());
    for (const Handle& handle : made) borrowed.push_back(&handle);
    (void)channel_->send(bytes, borrowed);
  }

  void hello() {
    nonces_.member = draw_nonce(platform_).take();
    send(encode_frame(HelloFrame{.nonce = nonces_.member}), 0);
  }

  // After the controller's turn: proves knowledge of the token, as `instance`.
  bool announce(std::uint64_t instance, std::uint64_t previous_id) {
    if (channel_ == nullptr) return false;
    auto datagram = channel_->receive();
    if (!datagram) return false;
    const auto frame = decode_frame(datagram.value().bytes, datagram.value().handles.size());
    if (!frame || !std::holds_alternative<ChallengeFrame>(frame.value())) return false;
    nonces_.controller = std::get<ChallengeFrame>(frame.value()).nonce;
    const AnnounceFrame announce{.proof = member_proof(kSecret, nonces_),
                                 .controller_affinity = true,
                                 .instance = instance,
                                 .previous_id = previous_id,
                                 .label = {}};
    send(encode_frame(announce), 0);
    return true;
  }

  // Reads all frames that have come; true if one was a welcome.
  bool welcomed() {
    while (channel_ != nullptr) {
      auto datagram = channel_->receive();
      if (!datagram) return false;
      const auto frame = decode_frame(datagram.value().bytes, datagram.value().handles.size());
      require(frame.ok());
      if (std::holds_alternative<WelcomeFrame>(frame.value())) return true;
    }
    return false;
  }

 private:
  Platform& platform_;
  NoncePair nonces_;
  std::unique_ptr<Channel> channel_;
};

}  // namespace

FUZZ(bytes) {
  Source source(bytes);
  LoopbackWorld world;
  Member controller(world.start_process(1));
  controller.settle();
  require(controller.membership.is_controller());
  Platform& elsewhere = world.start_process(2);
  std::vector<std::unique_ptr<Stranger>> strangers;
  for (int step = 0; step < 64 && !source.empty(); ++step) {
    const std::uint8_t choice = source.u8();
    if (strangers.empty() || choice % 8 == 0)
      strangers.push_back(std::make_unique<Stranger>(elsewhere));
    Stranger& one = *strangers[choice / 8 % strangers.size()];
    switch (choice % 8) {
      case 1:
        one.hello();
        break;
      case 2: {
        controller.settle();
        const std::uint8_t instance = source.u8();
        (void)one.announce(instance, source.u8() % 4);
        break;
      }
      case 3:
        world.advance(std::chrono::milliseconds(source.u16()));
        break;
      default: {
        const std::size_t handles = source.u8() % 6;
        one.send(source.take(source.u8()), handles);
        break;
      }
    }
    controller.settle();
    if (choice % 16 == 15) (void)one.welcomed();
  }
  strangers.clear();
  controller.settle();
  require(controller.membership.is_controller());
  // All earlier strangers are gone; the next one must be admitted.
  Stranger last(elsewhere);
  last.hello();
  controller.settle();
  require(last.announce(77, 0));
  controller.settle();
  require(last.welcomed());
}

}  // namespace busbar::fuzzing
