// Label: its limits, and what a peer may send as a label.
#include "core/selector/label.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "support/check.h"

namespace busbar {
namespace {

using Strings = std::vector<std::string_view>;

// Encodes without any check, to make bytes that decode() must refuse.
std::vector<std::byte> raw(const Strings& strings) {
  std::vector<std::byte> encoded;
  ByteWriter writer(encoded);
  for (const std::string_view string : strings) {
    writer.u8(static_cast<std::uint8_t>(string.size()));
    writer.bytes(std::as_bytes(std::span(string)));
  }
  return encoded;
}

bool label_refused(const Strings& strings) {
  return Label::create(strings).status() == Status::InvalidLabel &&
         Label::decode(raw(strings)).status() == Status::InvalidLabel;
}

bool label_accepted(const Strings& strings) {
  const auto created = Label::create(strings);
  const auto decoded = Label::decode(raw(strings));
  return created.ok() && decoded.ok() && created.value() == decoded.value() &&
         Strings(created.value().begin(), created.value().end()) == strings;
}

std::vector<std::string> different_strings(std::size_t count, std::size_t bytes) {
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < count; ++i) {
    strings.push_back(std::string(bytes - 1, 'x') + static_cast<char>('A' + i));
  }
  return strings;
}

Strings views(const std::vector<std::string>& strings) { return {strings.begin(), strings.end()}; }

TEST(a_label_keeps_its_strings_in_order) {
  CHECK(label_accepted({"planet"}));
  CHECK(label_accepted({"earth", "planet",
                        "b\xc3\xbc"
                        "ro"}));
}

TEST(a_label_may_be_empty) {
  CHECK(label_accepted({}));
  CHECK(Label().empty());
  CHECK(Label() == Label::create({}).value());
  CHECK(!Label().contains("planet"));
  CHECK(!Label().contains(""));
}

TEST(a_label_contains_exact_strings_only) {
  const Label label = Label::create(Strings{"earth", "planet"}).take();
  CHECK(label.contains("earth"));
  CHECK(label.contains("planet"));
  CHECK(!label.contains("plane"));
  CHECK(!label.contains("planets"));
  CHECK(!label.contains("Earth"));
  CHECK(!label.contains("earth\x06planet"));
  CHECK(!label.contains(""));
}

TEST(labels_are_equal_in_the_same_order_only) {
  const Label label = Label::create(Strings{"a", "b"}).take();
  CHECK(label == Label::create(Strings{"a", "b"}).value());
  CHECK(!(label == Label::create(Strings{"b", "a"}).value()));
  CHECK(!(label == Label::create(Strings{"ab"}).value()));
}

TEST(a_label_string_has_1_to_255_bytes_of_utf8) {
  CHECK(label_refused({""}));
  CHECK(label_refused({"a", "", "b"}));
  CHECK(label_refused({"\xff"}));
  CHECK(label_refused({"cut\xe2\x82"}));
  const std::string longest(kMaxLabelStringBytes, 'x');
  CHECK(label_accepted({longest}));
  CHECK(Label::create(Strings{longest + "x"}).status() == Status::InvalidLabel);
}

TEST(a_label_string_given_twice_is_refused) {
  CHECK(label_refused({"a", "a"}));
  CHECK(label_refused({"a", "b", "c", "a"}));
}

TEST(a_label_has_at_most_32_strings) {
  CHECK(label_accepted(views(different_strings(kMaxLabelStrings, 1))));
  CHECK(label_refused(views(different_strings(kMaxLabelStrings + 1, 1))));
}

TEST(a_label_has_at_most_1024_encoded_bytes) {
  // 4 * (1 + 255) is the limit itself.
  auto strings = different_strings(4, 255);
  CHECK(label_accepted(views(strings)));
  strings = different_strings(4, 254);
  strings.push_back("abc");
  CHECK(label_accepted(views(strings)));
  strings.back() += "d";
  CHECK(label_refused(views(strings)));
}

TEST(a_cut_label_is_refused) {
  const auto whole = raw({"earth", "planet"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const bool between_strings = size == 0 || size == 6;
    CHECK_EQ(Label::decode(std::span(whole).first(size)).ok(), between_strings);
  }
}

TEST(a_label_survives_arbitrary_bytes) {
  std::uint32_t random = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes(random % 24);
    for (std::byte& byte : bytes) {
      random = random * 1664525 + 1013904223;
      byte = static_cast<std::byte>(random >> 24 & (round % 2 ? 0xff : 0x07));
    }
    random = random * 1664525 + 1013904223;
    const auto label = Label::decode(bytes);
    if (label.ok()) CHECK(std::ranges::equal(label.value().encoded(), bytes));
  }
}

}  // namespace
}  // namespace busbar
