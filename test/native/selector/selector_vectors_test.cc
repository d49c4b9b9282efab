// The selector cases that every language shares: test/vectors/selectors.txt, whose head describes
// the format. Looked up in the folder BUSBAR_VECTORS, else in test/vectors of the current folder; a
// missing file is a failure.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/selector/selector_program.h"
#include "core/selector/selector_text.h"
#include "support/check.h"

namespace busbar {
namespace {

std::string vectors_path() {
  const char* folder = std::getenv("BUSBAR_VECTORS");
  return std::string(folder != nullptr ? folder : "test/vectors") + "/selectors.txt";
}

std::vector<std::string_view> split_at_spaces(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

template <typename T>
bool parse_number(std::string_view text, T& out_value, int base) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out_value, base);
  return error == std::errc{} && stop == end;
}

std::optional<std::string> from_hex(std::string_view hex) {
  std::string bytes;
  if (hex == "-") return bytes;
  if (hex.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    std::uint8_t byte = 0;
    if (!parse_number(hex.substr(i, 2), byte, 16)) return std::nullopt;
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::optional<Label> label_of(std::span<const std::string_view> words) {
  std::vector<std::string> strings;
  for (const std::string_view word : words) {
    auto string = from_hex(word);
    if (!string) return std::nullopt;
    strings.push_back(std::move(*string));
  }
  const std::vector<std::string_view> views(strings.begin(), strings.end());
  auto label = Label::create(views);
  return label.ok() ? std::optional(label.take()) : std::nullopt;
}

// Runs one record after another; each returns what is wrong with it, or an empty text.
class Vectors {
 public:
  std::string run(std::string_view line) {
    const auto words = split_at_spaces(line);
    if (words.empty() || words[0] == "#") return {};
    if (words.size() < 2) return "a record without content";
    if (words[0] == "program") return start_program(words[1]);
    if (words[0] == "text") return check_text(words[1]);
    if (words[0] == "invalid") return check_invalid(words[1]);
    if (words[0] == "case" && words.size() >= 3) return check_case(words);
    return "not a record";
  }

  [[nodiscard]] int cases() const { return cases_; }
  [[nodiscard]] int texts() const { return texts_; }
  [[nodiscard]] int invalid() const { return invalid_; }

 private:
  std::string start_program(std::string_view hex) {
    program_.reset();
    const auto bytes = from_hex(hex);
    if (!bytes) return "not hexadecimal";
    auto created = SelectorProgram::create(std::as_bytes(std::span(*bytes)));
    if (!created.ok()) return "a valid program was refused";
    program_ = created.take();
    return {};
  }

  std::string check_text(std::string_view hex) {
    ++texts_;
    const auto text = from_hex(hex);
    std::size_t offset = 0;
    if (!text || !program_) return "no text, or no program before it";
    const auto parsed = parse_selector_text(*text, offset);
    if (!parsed.ok()) return "the text was refused at " + std::to_string(offset);
    return parsed.value() == *program_ ? "" : "the text means another program";
  }

  std::string check_invalid(std::string_view hex) {
    ++invalid_;
    const auto bytes = from_hex(hex);
    if (!bytes) return "not hexadecimal";
    const auto created = SelectorProgram::create(std::as_bytes(std::span(*bytes)));
    return created.status() == Status::InvalidSelector ? "" : "an invalid program was accepted";
  }

  std::string check_case(std::span<const std::string_view> words) {
    ++cases_;
    std::uint64_t id = 0;
    if (words[1] != "0" && words[1] != "1") return "the answer is neither 0 nor 1";
    if (!parse_number(words[2], id, 10)) return "the endpoint id is not a number";
    const auto label = label_of(words.subspan(3));
    if (!label) return "not a valid label";
    if (!program_) return "no valid program before this case";
    return program_->matches(id, *label) == (words[1] == "1") ? "" : "the wrong answer";
  }

  std::optional<SelectorProgram> program_;
  int cases_ = 0;
  int texts_ = 0;
  int invalid_ = 0;
};

TEST(selector_vectors) {
  const std::string path = vectors_path();
  std::ifstream file(path);
  REQUIRE(file.is_open());
  Vectors vectors;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string wrong = vectors.run(line);
    if (!wrong.empty()) check::fail(path.c_str(), number, wrong);
  }
  // An empty file must not pass.
  CHECK(vectors.cases() > 0);
  CHECK(vectors.texts() > 0);
  CHECK(vectors.invalid() > 0);
}

}  // namespace
}  // namespace busbar
