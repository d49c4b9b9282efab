// Admission: the controller's door, which is its listener. Accepts connections, runs the handshake
// with strangers and passes on those that know the token. Bounded: strangers can neither use up its
// memory nor stay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "core/control/control_channel.h"
#include "core/control/control_frame.h"
#include "core/control/handshake.h"
#include "platform/platform.h"

namespace busbar {

// Connections in the handshake at once; other strangers wait in the kernel's queue.
inline constexpr std::size_t kMaxStrangers = 64;

// An endpoint that has proved to know the token and wants to become a member.
struct Applicant {
  std::unique_ptr<ControlChannel> channel;
  AnnounceFrame announce;
  // Of the directory of the previous generation; often invalid.
  Handle directory;
  // The connection that expect_self() announced.
  bool is_self = false;
};

// On the control thread.
class Admission {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Admission>> create(
      Platform& platform, Reactor& reactor, TokenSource& tokens, BusSecret secret,
      std::unique_ptr<Listener> listener);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // The connection that says Hello with this nonce is that of the controller's own endpoint.
  void expect_self(const Nonce& nonce) { self_nonce_ = nonce; }

  // False when the token is neither the listener's nor a stranger's.
  [[nodiscard]] bool handle(const Readiness& readiness);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;
  void handle_deadline();
  // Strangers that have completed the handshake since the last call.
  [[nodiscard]] std::vector<Applicant> take_applicants();

  // To be handed to a successor, or to release its name.
  [[nodiscard]] Listener& listener() noexcept { return *listener_; }

 private:
  struct Stranger {
    std::unique_ptr<ControlChannel> channel;
    TimePoint since;
    std::optional<NoncePair> nonces;
    bool is_self = false;
  };
  using Strangers = std::list<Stranger>;

  Admission(Platform& platform, Reactor& reactor, TokenSource& tokens, BusSecret secret,
            std::unique_ptr<Listener> listener);

  [[nodiscard]] Error open_door();
  void close_door_until(TimePoint time) noexcept;
  void accept();
  void serve(Strangers::iterator stranger);
  // False: the connection is to be closed.
  [[nodiscard]] bool on_frame(Strangers::iterator stranger, ControlFrame frame,
                              std::vector<Handle> handles);
  [[nodiscard]] bool on_hello(Stranger& stranger, const HelloFrame& hello);
  [[nodiscard]] bool on_announce(Strangers::iterator stranger, AnnounceFrame announce,
                                 std::vector<Handle> handles);

  Platform& platform_;
  Reactor& reactor_;
  TokenSource& tokens_;
  BusSecret secret_;
  std::unique_ptr<Listener> listener_;
  std::uint64_t listener_token_ = 0;
  // Set while the listener is not watched.
  std::optional<TimePoint> door_opens_;
  std::optional<Nonce> self_nonce_;
  // In the order of their arrival.
  Strangers strangers_;
  std::vector<Applicant> applicants_;
};

}  // namespace busbar
