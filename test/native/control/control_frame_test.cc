// Every control frame is decoded as it was encoded; everything else is refused.
#include "core/control/control_frame.h"

#include <string_view>
#include <vector>

#include "support/check.h"

namespace busbar {
namespace {

Label some_label() {
  const std::string_view strings[] = {"earth", "planet"};
  return Label::create(strings).take();
}

std::shared_ptr<const ObserverConditions> some_conditions() {
  const std::byte everything[] = {std::byte{0x01}};
  return std::make_shared<const ObserverConditions>(
      ObserverConditions::create(SelectorProgram::create(everything).take(), {Uuid{}}, 64).take());
}

struct Sample {
  ControlFrame frame;
  std::size_t handles;
};

std::vector<Sample> samples() {
  const Nonce nonce{1, 2, 3};
  const Digest proof{4, 5, 6};
  return {{HelloFrame{1, 3, nonce}, 0},
          {ChallengeFrame{1, nonce, proof}, 0},
          {AnnounceFrame{proof, false, 9, 0, some_label()}, 0},
          {AnnounceFrame{proof, true, 9, 77, Label()}, 1},
          {AnnounceFrame{proof, true, 9, 77, some_label()}, 0},
          {AnnounceFrame{proof, false, 9, 77, some_label(), some_conditions(), true}, 0},
          {AnnounceFrame{proof, true, 9, 77, some_label(), nullptr, false}, 0},
          {WelcomeFrame{1, 2, 3}, 1},
          {RefuseFrame{Status::TokenMismatch}, 0},
          {IntroduceFrame{1, 2, 3}, 4},
          {IntroducedFrame{1, 2, 3, 4}, 4},
          {IntroduceFailedFrame{1, 2, Status::PeerGone}, 0},
          {AwaitChangeFrame{1}, 0},
          {ChangedFrame{1}, 0},
          {ParkFrame{1}, 1},
          {KeptFrame{2}, 0},
          {LeaveFrame{}, 0},
          {LeftFrame{}, 0},
          {SucceedFrame{8, 9}, 1},
          {PingFrame{}, 0},
          {PongFrame{}, 0},
          {MissedFrame{}, 0}};
}

}  // namespace

TEST(control_frame_round_trip) {
  for (const Sample& sample : samples()) {
    const auto bytes = encode_frame(sample.frame);
    auto decoded = decode_frame(bytes, sample.handles);
    REQUIRE(decoded.ok());
    CHECK_EQ(decoded.value().index(), sample.frame.index());
    CHECK(encode_frame(decoded.value()) == bytes);
  }
  const AnnounceFrame written{.instance = 5, .label = some_label()};
  auto announce = decode_frame(encode_frame(written), 0);
  REQUIRE(announce.ok());
  CHECK(std::get<AnnounceFrame>(announce.value()).label == some_label());
  CHECK_EQ(std::get<AnnounceFrame>(announce.value()).instance, 5);
}

TEST(control_frame_refuses_what_does_not_fit) {
  for (const Sample& sample : samples()) {
    auto bytes = encode_frame(sample.frame);
    for (const std::size_t handles : {0, 1, 2, 3, 4, 5, 253}) {
      const bool optional = std::holds_alternative<AnnounceFrame>(sample.frame) &&
                            std::get<AnnounceFrame>(sample.frame).previous_id != 0 && handles <= 1;
      CHECK_EQ(decode_frame(bytes, handles).ok(), optional || handles == sample.handles);
    }
    // A label may end between any two strings; every other frame has one length.
    if (!std::holds_alternative<AnnounceFrame>(sample.frame)) {
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK(!decode_frame(std::span(bytes).first(size), sample.handles).ok());
      }
    }
    bytes.push_back(std::byte{1});
    CHECK(!decode_frame(bytes, sample.handles).ok());
  }
}

TEST(control_frame_refuses_unknown_values) {
  CHECK(!decode_frame({}, 0).ok());
  for (int type = 0; type < 256; ++type) {
    const std::byte bytes[] = {static_cast<std::byte>(type)};
    const bool empty_frame = type == 12 || type == 13 || (type >= 15 && type <= 17);
    CHECK_EQ(decode_frame(bytes, 0).ok(), empty_frame);
  }
  auto hello = encode_frame(HelloFrame{});
  hello[1] ^= std::byte{1};
  CHECK(!decode_frame(hello, 0).ok());
  CHECK(!decode_frame(encode_frame(HelloFrame{3, 2, {}}), 0).ok());
  CHECK(!decode_frame(encode_frame(RefuseFrame{static_cast<Status>(0)}), 0).ok());
  CHECK(!decode_frame(encode_frame(RefuseFrame{static_cast<Status>(9999)}), 0).ok());
  CHECK(!decode_frame(encode_frame(WelcomeFrame{}), 1).ok());
  auto announce = encode_frame(AnnounceFrame{});
  announce[1 + 32] = std::byte{8};
  CHECK(!decode_frame(announce, 0).ok());
  // An observer never becomes controller.
  auto observer = encode_frame(
      AnnounceFrame{.controller_affinity = false, .label = {}, .observes = some_conditions()});
  CHECK(decode_frame(observer, 0).ok());
  observer[1 + 32] |= std::byte{1};
  CHECK(!decode_frame(observer, 0).ok());
}

TEST(control_frame_survives_noise) {
  std::uint64_t random = 99;
  const auto next = [&] {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::byte>(random >> 56U);
  };
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(next()) * 2);
    for (std::byte& byte : bytes) byte = next();
    if (!bytes.empty()) bytes[0] &= std::byte{15};
    for (const std::size_t handles : {0, 1, 4}) {
      auto decoded = decode_frame(bytes, handles);
      if (decoded.ok()) CHECK(encode_frame(decoded.value()) == bytes);
    }
  }
}

}  // namespace busbar
