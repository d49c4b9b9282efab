// One pair of functions for each frame: one writes its fields, one reads them.
#include "core/control/control_frame.h"

#include <utility>

#include "base/bytes.h"
#include "core/directory/directory_layout.h"

namespace busbar {
namespace {

void write(ByteWriter& out, std::span<const std::uint8_t> raw) { out.bytes(std::as_bytes(raw)); }

template <std::size_t N>
void read(ByteReader& in, std::array<std::uint8_t, N>& out_raw) {
  for (std::uint8_t& byte : out_raw) byte = in.u8();
}

[[nodiscard]] bool known_status(std::uint32_t number) {
  switch (static_cast<Status>(number)) {
#define BUSBAR_ERROR(value, name, text) case Status::name:
#include "base/error_list.def"
#undef BUSBAR_ERROR
    return true;
    default:
      return false;
  }
}

void write(ByteWriter& out, Status status) { out.u32(static_cast<std::uint32_t>(status)); }

void read(ByteReader& in, Status& out_status) {
  const std::uint32_t number = in.u32();
  if (!known_status(number)) return in.fail();
  out_status = static_cast<Status>(number);
}

void write(ByteWriter& out, const HelloFrame& frame) {
  out.u32(kControlMagic);
  out.u16(frame.version_min);
  out.u16(frame.version_max);
  write(out, frame.nonce);
}

void read(ByteReader& in, HelloFrame& out_frame) {
  if (in.u32() != kControlMagic) return in.fail();
  out_frame.version_min = in.u16();
  out_frame.version_max = in.u16();
  if (out_frame.version_min > out_frame.version_max) return in.fail();
  read(in, out_frame.nonce);
}

void write(ByteWriter& out, const ChallengeFrame& frame) {
  out.u16(frame.version);
  write(out, frame.nonce);
  write(out, frame.proof);
}

void read(ByteReader& in, ChallengeFrame& out_frame) {
  out_frame.version = in.u16();
  read(in, out_frame.nonce);
  read(in, out_frame.proof);
}

constexpr std::uint8_t kAnnouncesAffinity = 1;
constexpr std::uint8_t kAnnouncesUnobservable = 2;
constexpr std::uint8_t kAnnouncesObserver = 4;
constexpr std::uint8_t kAllAnnounceFlags = 7;

void write(ByteWriter& out, const AnnounceFrame& frame) {
  write(out, frame.proof);
  const int flags = (frame.controller_affinity ? kAnnouncesAffinity : 0) |
                    (frame.observable ? 0 : kAnnouncesUnobservable) |
                    (frame.observes != nullptr ? kAnnouncesObserver : 0);
  out.u8(static_cast<std::uint8_t>(flags));
  out.u64(frame.instance);
  out.u64(frame.previous_id);
  out.u64(frame.label_revision);
  if (frame.observes != nullptr) {
    const std::vector<std::byte> conditions = frame.observes->encode();
    out.u16(static_cast<std::uint16_t>(conditions.size()));
    out.bytes(conditions);
  }
  out.bytes(frame.label.encoded());
}

// The rest of the frame.
void read(ByteReader& in, Label& out_label) {
  if (!in.ok()) return;
  auto label = Label::decode(in.rest());
  if (!label) return in.fail();
  out_label = label.take();
}

void read(ByteReader& in, AnnounceFrame& out_frame) {
  read(in, out_frame.proof);
  const std::uint8_t flags = in.u8();
  if (flags > kAllAnnounceFlags) return in.fail();
  out_frame.controller_affinity = (flags & kAnnouncesAffinity) != 0;
  out_frame.observable = (flags & kAnnouncesUnobservable) == 0;
  out_frame.instance = in.u64();
  out_frame.previous_id = in.u64();
  out_frame.label_revision = in.u64();
  if (out_frame.previous_id >= kIdLimit) in.fail();
  if ((flags & kAnnouncesObserver) != 0) {
    auto conditions = ObserverConditions::decode(in.bytes(in.u16()));
    if (!conditions || out_frame.controller_affinity) return in.fail();
    out_frame.observes = std::make_shared<const ObserverConditions>(conditions.take());
  }
  read(in, out_frame.label);
}

void write(ByteWriter& out, const WelcomeFrame& frame) {
  out.u64(frame.id);
  out.u64(frame.generation);
  out.u64(frame.directory_bytes);
}

void read(ByteReader& in, WelcomeFrame& out_frame) {
  out_frame.id = in.u64();
  out_frame.generation = in.u64();
  out_frame.directory_bytes = in.u64();
  if (out_frame.id == 0) in.fail();
}

void write(ByteWriter& out, const RefuseFrame& frame) { write(out, frame.status); }
void read(ByteReader& in, RefuseFrame& out_frame) { read(in, out_frame.status); }

void write(ByteWriter& out, const IntroduceFrame& frame) {
  out.u64(frame.to_id);
  out.u64(frame.link_id);
  out.u64(frame.ring_bytes);
}

void read(ByteReader& in, IntroduceFrame& out_frame) {
  out_frame.to_id = in.u64();
  out_frame.link_id = in.u64();
  out_frame.ring_bytes = in.u64();
}

void write(ByteWriter& out, const IntroducedFrame& frame) {
  out.u64(frame.from_id);
  out.u32(frame.from_pid);
  out.u64(frame.link_id);
  out.u64(frame.ring_bytes);
}

void read(ByteReader& in, IntroducedFrame& out_frame) {
  out_frame.from_id = in.u64();
  out_frame.from_pid = in.u32();
  out_frame.link_id = in.u64();
  out_frame.ring_bytes = in.u64();
}

void write(ByteWriter& out, const IntroduceFailedFrame& frame) {
  out.u64(frame.to_id);
  out.u64(frame.link_id);
  write(out, frame.status);
}

void read(ByteReader& in, IntroduceFailedFrame& out_frame) {
  out_frame.to_id = in.u64();
  out_frame.link_id = in.u64();
  read(in, out_frame.status);
}

void write(ByteWriter& out, const AwaitChangeFrame& frame) { out.u64(frame.epoch); }
void read(ByteReader& in, AwaitChangeFrame& out_frame) { out_frame.epoch = in.u64(); }

void write(ByteWriter& out, const ChangedFrame& frame) { out.u64(frame.epoch); }
void read(ByteReader& in, ChangedFrame& out_frame) { out_frame.epoch = in.u64(); }

void write(ByteWriter& out, const ParkFrame& frame) { out.u64(frame.bytes); }
void read(ByteReader& in, ParkFrame& out_frame) { out_frame.bytes = in.u64(); }

void write(ByteWriter& out, const KeptFrame& frame) { out.u64(frame.messages); }
void read(ByteReader& in, KeptFrame& out_frame) { out_frame.messages = in.u64(); }

void write(ByteWriter& out, const RelabelFrame& frame) {
  out.u64(frame.revision);
  out.bytes(frame.label.encoded());
}

void read(ByteReader& in, RelabelFrame& out_frame) {
  out_frame.revision = in.u64();
  // The first label comes with Announce.
  if (out_frame.revision == 0) in.fail();
  read(in, out_frame.label);
}

void write(ByteWriter& out, const RelabelledFrame& frame) { out.u64(frame.revision); }
void read(ByteReader& in, RelabelledFrame& out_frame) { out_frame.revision = in.u64(); }

void write(ByteWriter&, const LeaveFrame&) {}
void read(ByteReader&, LeaveFrame&) {}
void write(ByteWriter&, const LeftFrame&) {}
void read(ByteReader&, LeftFrame&) {}

void write(ByteWriter&, const MissedFrame&) {}
void read(ByteReader&, MissedFrame&) {}

void write(ByteWriter&, const ArrivedFrame&) {}
void read(ByteReader&, ArrivedFrame&) {}

void write(ByteWriter&, const PingFrame&) {}
void read(ByteReader&, PingFrame&) {}
void write(ByteWriter&, const PongFrame&) {}
void read(ByteReader&, PongFrame&) {}

void write(ByteWriter& out, const SucceedFrame& frame) {
  out.u64(frame.generation);
  out.u64(frame.holder);
}

void read(ByteReader& in, SucceedFrame& out_frame) {
  out_frame.generation = in.u64();
  out_frame.holder = in.u64();
}

[[nodiscard]] bool handles_fit(const ControlFrame& frame, std::size_t count) {
  if (std::holds_alternative<AnnounceFrame>(frame)) {
    const bool returning = std::get<AnnounceFrame>(frame).previous_id != 0;
    return count <= (returning ? 1 : 0);
  }
  if (std::holds_alternative<IntroduceFrame>(frame) ||
      std::holds_alternative<IntroducedFrame>(frame)) {
    return count == kIntroductionHandles;
  }
  const bool carries_one = std::holds_alternative<WelcomeFrame>(frame) ||
                           std::holds_alternative<ParkFrame>(frame) ||
                           std::holds_alternative<SucceedFrame>(frame);
  return count == (carries_one ? 1 : 0);
}

// Makes the frame of an index and reads its fields.
template <std::size_t... I>
[[nodiscard]] ControlFrame read_any(ByteReader& in, std::size_t type, std::index_sequence<I...>) {
  ControlFrame frame;
  const bool known = ((type == I + 1 ? (read(in, frame.emplace<I>()), true) : false) || ...);
  if (!known) in.fail();
  return frame;
}

}  // namespace

std::vector<std::byte> encode_frame(const ControlFrame& frame) {
  std::vector<std::byte> bytes;
  ByteWriter out(bytes);
  out.u8(static_cast<std::uint8_t>(frame.index() + 1));
  std::visit([&](const auto& content) { write(out, content); }, frame);
  return bytes;
}

Result<ControlFrame> decode_frame(std::span<const std::byte> bytes, std::size_t handle_count) {
  ByteReader in(bytes);
  const std::uint8_t type = in.u8();
  ControlFrame frame =
      read_any(in, type, std::make_index_sequence<std::variant_size_v<ControlFrame>>());
  if (!in.finished() || !handles_fit(frame, handle_count)) return Status::ProtocolViolation;
  return frame;
}

}  // namespace busbar
