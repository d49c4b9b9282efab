// Control frames: messages between members and their controller, one datagram each. First byte: the
// type; then fixed fields, little-endian. Decoding checks everything that can be checked without
// knowing the sender.
//
//   joining      member                           controller
//                Hello              ------------>
//                              <------------      Challenge
//                Announce [dir]     ------------>
//                              <------------      Welcome dir | Refuse (instead of either answer)
//                Arrived            ------------>   only after a change of controller
//   from then on Introduce 4 handles ----------->
//                              <------------      Introduced 4 handles (to the receiver)
//                              <------------      IntroduceFailed (to the sender)
//                Missed             ------------>   an Introduced was lost: IntroduceFailed to all
//                AwaitChange        ------------>
//                              <------------      Changed (once)
//                Park memory        ------------>
//                              <------------      Kept
//                Leave              ------------>
//                              <------------      Left
//   the controller leaves      <------------      Park memory
//                Kept               ------------>
//                              <------------      Succeed listener
//                Relabel            ------------>
//                              <------------      Relabelled
//                Ping               ------------>   after anything that needs the controller
//                              <------------      Pong
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "base/sha256.h"
#include "base/status.h"
#include "core/directory/observer_conditions.h"
#include "core/selector/label.h"

namespace busbar {

inline constexpr std::uint32_t kControlMagic = 0x42535542;
// Rises with every change that a process of the version before would refuse or misread: a frame, a
// field, a flag, the directory, ring, records, frames of links, limits that these contain. A
// process speaks this one alone. Hello and Refuse keep their type and layout for ever, so that a
// process of another version learns why it is refused.
inline constexpr std::uint16_t kControlVersion = 4;
// Ring, consumer state, doorbell, channel.
inline constexpr std::size_t kIntroductionHandles = 4;

using Nonce = std::array<std::uint8_t, 32>;

struct HelloFrame {
  std::uint16_t version_min = kControlVersion;
  std::uint16_t version_max = kControlVersion;
  Nonce nonce{};
};

struct ChallengeFrame {
  std::uint16_t version = kControlVersion;
  Nonce nonce{};
  // Proves that the controller knows the token; see handshake.h.
  Digest proof{};
};

// Carries a handle on the previous generation's directory, if the member knows one.
struct AnnounceFrame {
  Digest proof{};
  bool controller_affinity = true;
  // Drawn at random by each endpoint, once.
  std::uint64_t instance = 0;
  // 0: a newcomer.
  std::uint64_t previous_id = 0;
  // Of `label`; see RelabelFrame.
  std::uint64_t label_revision = 0;
  Label label;
  // Of an observer, which never becomes controller; null for all other members.
  std::shared_ptr<const ObserverConditions> observes{};
  bool observable = true;
};

struct WelcomeFrame {
  std::uint64_t id = 0;
  std::uint64_t generation = 0;
  std::uint64_t directory_bytes = 0;
};

struct RefuseFrame {
  Status status = Status::Ok;
};

struct IntroduceFrame {
  std::uint64_t to_id = 0;
  std::uint64_t link_id = 0;
  std::uint64_t ring_bytes = 0;
};

struct IntroducedFrame {
  std::uint64_t from_id = 0;
  // From the kernel, by way of the controller.
  std::uint32_t from_pid = 0;
  std::uint64_t link_id = 0;
  std::uint64_t ring_bytes = 0;
};

// An id of 0 stands for any: the controller does not know which introduction was lost.
struct IntroduceFailedFrame {
  std::uint64_t to_id = 0;
  std::uint64_t link_id = 0;
  Status status = Status::Ok;
};

struct AwaitChangeFrame {
  std::uint64_t epoch = 0;
};

struct ChangedFrame {
  std::uint64_t epoch = 0;
};

struct ParkFrame {
  std::uint64_t bytes = 0;
};

// The answer to Park: how many of its messages the receiver has taken charge of.
struct KeptFrame {
  std::uint64_t messages = 0;
};

struct LeaveFrame {};
struct LeftFrame {};

// Carries the listener. The successor has already mapped the directory.
struct SucceedFrame {
  std::uint64_t generation = 0;
  // The value of Rendezvous::holder() while the listener has the name.
  std::uint64_t holder = 0;
};

// The kernel dropped handles of an introduction, because this process had no descriptors left.
struct MissedFrame {};

// Asks for a sign of life; a controller that gives none in time is deposed.
struct PingFrame {};
struct PongFrame {};

// The member that sends it has another label from now on. `revision` counts the labels of an
// endpoint, across all of its connections.
struct RelabelFrame {
  std::uint64_t revision = 0;
  Label label;
};
// Every member sees the label of this revision, or of a later one.
struct RelabelledFrame {
  std::uint64_t revision = 0;
};

// A member of the generation before reads the directory that came with Welcome, and no other.
struct ArrivedFrame {};

// The order is part of the format: a frame's type byte is its index plus one. New ones come last.
using ControlFrame =
    std::variant<HelloFrame, ChallengeFrame, AnnounceFrame, WelcomeFrame, RefuseFrame,
                 IntroduceFrame, IntroducedFrame, IntroduceFailedFrame, AwaitChangeFrame,
                 ChangedFrame, ParkFrame, LeaveFrame, LeftFrame, SucceedFrame, MissedFrame,
                 PingFrame, PongFrame, KeptFrame, RelabelFrame, RelabelledFrame, ArrivedFrame>;

[[nodiscard]] std::vector<std::byte> encode_frame(const ControlFrame& frame);

// ProtocolViolation for an unknown type, for missing or excess bytes, for a value that no encoder
// writes and for a number of handles that the type does not carry.
[[nodiscard]] Result<ControlFrame> decode_frame(std::span<const std::byte> bytes,
                                                std::size_t handle_count);

}  // namespace busbar
