// SelectorProgram: which programs are refused, and what a valid program matches. The cases that all
// languages share are in selector_vectors_test.cc.
#include "core/selector/selector_program.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "support/check.h"

namespace busbar {
namespace {

using Program = std::vector<std::byte>;

Program op(SelectorOp code) { return {static_cast<std::byte>(code)}; }
Program leaf(std::string_view text) {
  Program program = op(SelectorOp::Leaf);
  ByteWriter writer(program);
  writer.u8(static_cast<std::uint8_t>(text.size()));
  writer.bytes(std::as_bytes(std::span(text)));
  return program;
}
Program peer(std::uint64_t id) {
  Program program = op(SelectorOp::Peer);
  ByteWriter(program).u64(id);
  return program;
}
Program operator+(Program left, const Program& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}
Program times(std::size_t count, const Program& part) {
  Program program;
  for (std::size_t i = 0; i < count; ++i) program = program + part;
  return program;
}

const Program kFalse = op(SelectorOp::False);
const Program kTrue = op(SelectorOp::True);
const Program kAnd = op(SelectorOp::And);
const Program kOr = op(SelectorOp::Or);
const Program kNot = op(SelectorOp::Not);

bool accepted(const Program& program) { return SelectorProgram::create(program).ok(); }
bool refused(const Program& program) {
  return SelectorProgram::create(program).status() == Status::InvalidSelector;
}

bool matches(const Program& program, std::uint64_t id = 1,
             const std::vector<std::string_view>& strings = {}) {
  const auto compiled = SelectorProgram::create(program);
  const auto label = Label::create(strings);
  return compiled.ok() && label.ok() && compiled.value().matches(id, label.value());
}

TEST(selector_constants) {
  CHECK(matches(kTrue));
  CHECK(!matches(kFalse));
  CHECK(matches(kFalse + kNot));
  CHECK(!matches(kTrue + kNot));
}

TEST(selector_truth_tables) {
  for (const bool left : {false, true}) {
    for (const bool right : {false, true}) {
      // The third value, below, shows that an operation leaves the rest of the stack alone.
      for (const bool below : {false, true}) {
        const Program operands = (left ? kTrue : kFalse) + (right ? kTrue : kFalse);
        const Program base = below ? kTrue : kFalse;
        CHECK_EQ(matches(base + operands + kAnd + kOr), below || (left && right));
        CHECK_EQ(matches(base + operands + kOr + kAnd), below && (left || right));
        CHECK_EQ(matches(base + operands + kNot + kAnd + kOr), below || (left && !right));
      }
    }
  }
}

TEST(selector_leaf_finds_a_string_of_the_label) {
  CHECK(matches(leaf("planet"), 1, {"earth", "planet"}));
  CHECK(!matches(leaf("planet"), 1, {"earth"}));
  CHECK(!matches(leaf("planet"), 1, {}));
  CHECK(!matches(leaf("plan"), 1, {"planet"}));
  CHECK(matches(leaf("planet") + leaf("busy") + kNot + kAnd, 1, {"planet"}));
  CHECK(!matches(leaf("planet") + leaf("busy") + kNot + kAnd, 1, {"planet", "busy"}));
}

TEST(selector_peer_is_one_endpoint) {
  constexpr std::uint64_t kId = 0xfedcba9876543210;
  CHECK(matches(peer(kId), kId));
  CHECK(!matches(peer(kId), kId ^ 1));
  CHECK(!matches(peer(kId), kId ^ (std::uint64_t{1} << 63)));
  CHECK(matches(peer(kId) + kNot, 7));
}

TEST(selector_bytes_are_checked) {
  CHECK(refused({}));
  for (int code = 0x07; code <= 0xff; ++code) CHECK(refused(Program{static_cast<std::byte>(code)}));
  CHECK(refused(leaf("")));
  CHECK(refused(leaf("\xff")));
  for (const Program& whole : {leaf("planet"), peer(7)}) {
    CHECK(accepted(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK(refused(Program(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
    }
  }
}

TEST(selector_stack_is_checked) {
  CHECK(refused(kNot));
  CHECK(refused(kAnd));
  CHECK(refused(kTrue + kAnd));
  CHECK(refused(kTrue + kOr));
  CHECK(refused(kTrue + kTrue));
  CHECK(refused(kTrue + kOr + kTrue));
}

TEST(selector_depth_is_at_most_64) {
  CHECK(accepted(times(64, kTrue) + times(63, kAnd)));
  CHECK(refused(times(65, kTrue) + times(64, kAnd)));
  // The deepest value is still there at the end.
  CHECK(matches(times(64, kTrue) + times(63, kAnd)));
  CHECK(!matches(kFalse + times(63, kTrue) + times(63, kAnd)));
  CHECK(matches(kTrue + times(63, kFalse) + times(63, kOr)));
  CHECK(!matches(times(64, kFalse) + times(63, kOr)));
}

TEST(selector_has_at_most_1024_operations) {
  CHECK(matches(kFalse + times(kMaxSelectorOps - 1, kNot)));
  CHECK(refused(kFalse + times(kMaxSelectorOps, kNot)));
}

TEST(selector_has_at_most_4096_bytes) {
  // 15 * (257 + 1) - 1 = 3869 bytes; the last leaf and its Or make up the rest.
  const Program longest = leaf(std::string(255, 'x'));
  const Program most = longest + times(14, longest + kOr);
  CHECK_EQ(most.size(), 3869u);
  CHECK(accepted(most + leaf(std::string(224, 'x')) + kOr));
  CHECK(refused(most + leaf(std::string(225, 'x')) + kOr));
}

TEST(selectors_are_keys) {
  const auto one = SelectorProgram::create(leaf("a"));
  const auto same = SelectorProgram::create(leaf("a"));
  const auto other = SelectorProgram::create(leaf("b"));
  const std::hash<SelectorProgram> hash;
  CHECK(one.value() == same.value());
  CHECK(one.value() != other.value());
  CHECK_EQ(hash(one.value()), hash(same.value()));
  CHECK(hash(one.value()) != hash(other.value()));
}

// A small fuzzer under AddressSanitizer: matches() can run every program that create() accepts.
TEST(selector_survives_arbitrary_bytes) {
  std::uint32_t random = 1;
  const auto next = [&random] { return (random = random * 1664525 + 1013904223) >> 24; };
  const Label label = Label::create(std::vector<std::string_view>{"\x01"}).take();
  int valid = 0;
  for (int round = 0; round < 50'000; ++round) {
    Program program(next() % 16);
    for (std::byte& byte : program) byte = static_cast<std::byte>(next() % 8);
    const auto compiled = SelectorProgram::create(program);
    if (!compiled.ok()) continue;
    ++valid;
    static_cast<void>(compiled.value().matches(1, label));
  }
  CHECK(valid > 100);
}

}  // namespace
}  // namespace busbar
