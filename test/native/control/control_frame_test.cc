// Every control frame is decoded as it was encoded; everything else is refused.
#include "core/control/control_frame.h"

#include <array>
#include <string>
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

// As many bytes as a label may have.
Label longest_label() {
  std::vector<std::string> strings;
  for (char letter = 'a'; letter < 'e'; ++letter) strings.emplace_back(255, letter);
  const std::vector<std::string_view> views(strings.begin(), strings.end());
  return Label::create(views).take();
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
          {AnnounceFrame{proof, false, 9, 0, 0, some_label()}, 0},
          {AnnounceFrame{proof, true, 9, 77, 3, Label()}, 1},
          {AnnounceFrame{proof, true, 9, 77, 3, some_label()}, 0},
          {AnnounceFrame{proof, false, 9, 77, 3, some_label(), some_conditions(), true}, 0},
          {AnnounceFrame{proof, true, 9, 77, 3, some_label(), nullptr, false}, 0},
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
          {MissedFrame{}, 0},
          {RelabelFrame{1, some_label()}, 0},
          {RelabelFrame{~std::uint64_t{0}, longest_label()}, 0},
          {RelabelFrame{2, Label()}, 0},
          {RelabelledFrame{3}, 0},
          {ArrivedFrame{}, 0}};
}

// Its last field is a label.
bool ends_in_label(const ControlFrame& frame) {
  return std::holds_alternative<AnnounceFrame>(frame) ||
         std::holds_alternative<RelabelFrame>(frame);
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
    if (!ends_in_label(sample.frame)) {
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
    const bool empty_frame = type == 12 || type == 13 || (type >= 15 && type <= 17) || type == 21;
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

TEST(control_frame_of_a_label_keeps_its_limits) {
  const RelabelFrame written{7, longest_label()};
  const auto bytes = encode_frame(written);
  CHECK_EQ(bytes.size(), 1 + 8 + kMaxLabelBytes);
  auto read = decode_frame(bytes, 0);
  REQUIRE(read.ok());
  CHECK_EQ(std::get<RelabelFrame>(read.value()).revision, 7);
  CHECK(std::get<RelabelFrame>(read.value()).label == written.label);
  // One string more, of one byte; a string that is longer than the rest; one given twice; none.
  const auto refused = [](RelabelFrame frame, std::span<const std::uint8_t> more) {
    auto changed = encode_frame(frame);
    for (const std::uint8_t byte : more) changed.push_back(std::byte{byte});
    return !decode_frame(changed, 0).ok();
  };
  CHECK(refused(written, std::array<std::uint8_t, 2>{1, 'x'}));
  CHECK(refused({7, Label()}, std::array<std::uint8_t, 2>{2, 'x'}));
  CHECK(refused({7, Label()}, std::array<std::uint8_t, 4>{1, 'x', 1, 'x'}));
  CHECK(refused({7, Label()}, std::array<std::uint8_t, 1>{0}));
  CHECK(refused({7, Label()}, std::array<std::uint8_t, 2>{1, 0xff}));
  // The label that an endpoint joins with has revision 0.
  CHECK(refused({0, some_label()}, {}));
  std::vector<std::uint8_t> strings;
  for (std::uint8_t letter = 0; letter < kMaxLabelStrings; ++letter)
    strings.insert(strings.end(), {1, static_cast<std::uint8_t>('A' + letter)});
  CHECK(!refused({7, Label()}, strings));
  strings.insert(strings.end(), {1, '!'});
  CHECK(refused({7, Label()}, strings));
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
    // Each type equally often, and one below and one above all of them.
    if (!bytes.empty())
      bytes[0] = static_cast<std::byte>(std::to_integer<std::size_t>(bytes[0]) %
                                        (std::variant_size_v<ControlFrame> + 2));
    for (const std::size_t handles : {0, 1, 4}) {
      auto decoded = decode_frame(bytes, handles);
      if (decoded.ok()) CHECK(encode_frame(decoded.value()) == bytes);
    }
  }
}

}  // namespace busbar
