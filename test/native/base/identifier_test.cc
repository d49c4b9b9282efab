// The rules of an identifier, and the UTF-8 validation under them.
#include "base/identifier.h"

#include <string>

#include "base/utf8.h"
#include "support/check.h"

namespace busbar {
namespace {

bool identifier_accepted(std::string_view identifier) {
  return check_identifier(identifier) == Status::Ok;
}
bool identifier_refused(std::string_view identifier) {
  return check_identifier(identifier) == Status::InvalidIdentifier;
}

TEST(ordinary_identifiers_are_accepted) {
  CHECK(identifier_accepted("com.solar"));
  CHECK(identifier_accepted("a"));
  CHECK(identifier_accepted("any/thing with blanks \\ and .. dots"));
  CHECK(identifier_accepted("sk\xc3\xa4rg\xc3\xa5rd \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x9a\x8c"));
  CHECK(identifier_accepted("no-break\xc2\xa0space"));
}

TEST(an_identifier_has_1_to_128_bytes) {
  CHECK(identifier_refused(""));
  CHECK(identifier_accepted(std::string(kMaxIdentifierBytes, 'x')));
  CHECK(identifier_refused(std::string(kMaxIdentifierBytes + 1, 'x')));
}

TEST(control_characters_are_refused) {
  for (int c = 0; c < 0x20; ++c) CHECK(identifier_refused(std::string("a") + static_cast<char>(c)));
  CHECK(identifier_refused("a\x7f"));
  for (int c = 0x80; c < 0xa0; ++c)
    CHECK(identifier_refused(std::string("a\xc2") + static_cast<char>(c)));
  // The same second byte after another lead byte is an ordinary letter.
  CHECK(identifier_accepted("\xc3\x80"));
}

TEST(text_that_is_not_utf8_is_refused) {
  CHECK(identifier_refused("\xff"));
  CHECK(identifier_refused("cut\xe2\x82"));
}

TEST(utf8_is_accepted_up_to_its_borders) {
  CHECK(valid_utf8(""));
  CHECK(valid_utf8(std::string_view("\0\x7f", 2)));
  CHECK(valid_utf8("\xc2\x80\xdf\xbf"));
  CHECK(valid_utf8("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"));
  CHECK(valid_utf8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
}

TEST(what_is_not_utf8_is_told) {
  for (const std::string_view text : {
           "\x80",
           "\xbf",  // continuation without a lead byte
           "\xc0\x80",
           "\xc1\xbf",  // overlong, two bytes
           "\xe0\x80\x80",
           "\xe0\x9f\xbf",  // overlong, three bytes
           "\xf0\x80\x80\x80",
           "\xf0\x8f\xbf\xbf",  // overlong, four bytes
           "\xed\xa0\x80",
           "\xed\xbf\xbf",  // surrogates
           "\xf4\x90\x80\x80",
           "\xf5\x80\x80\x80",
           "\xff",  // above U+10FFFF
           "\xc2",
           "\xe2\x82",
           "\xf0\x9f\x9a",  // truncated
           "\xc2 ",
           "\xe2\x82 ",
           "\xf0\x9f\x9a ",  // interrupted
           "\xe2 \x82",
           "\xf0 \x9f\x9a",
       }) {
    CHECK(!valid_utf8(text));
  }
  // A view that ends inside a sequence must not be read beyond its end.
  CHECK(!valid_utf8(std::string_view("\xe2\x82\xac").substr(0, 2)));
}

}  // namespace
}  // namespace busbar
