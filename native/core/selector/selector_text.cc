// Two explicit stacks (Dijkstra's shunting yard) instead of recursion: no text can overflow the
// call stack.
#include "core/selector/selector_text.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace busbar {
namespace {

constexpr std::uint64_t kMaxId = (1ULL << 53U) - 1;

// A piece of the program, its number of operations, and the stack depth it needs.
struct Piece {
  std::vector<std::byte> bytes;
  std::size_t operations = 1;
  std::size_t depth = 1;
};

struct Operator {
  char kind;
  std::size_t start;
};

int precedence(char kind) noexcept {
  switch (kind) {
    case '|':
      return 1;
    case '&':
      return 2;
    case '!':
      return 3;
    default:
      return 0;
  }
}

// The length of the space at `at` (the spaces of JavaScript); 0 if there is none.
std::size_t space_at(std::string_view text, std::size_t at) noexcept {
  constexpr std::string_view kSingle = " \t\n\v\f\r";
  if (kSingle.find(text[at]) != std::string_view::npos) return 1;
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("\xC2\xA0")) return 2;
  constexpr std::string_view kThree[] = {"\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9",
                                         "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
                                         "\xEF\xBB\xBF"};
  for (const std::string_view space : kThree) {
    if (rest.starts_with(space)) return 3;
  }
  // U+2000 to U+200A.
  const bool en_quad_and_its_like = rest.size() >= 3 && rest.starts_with("\xE2\x80") &&
                                    static_cast<unsigned char>(rest[2]) <= 0x8A;
  return en_quad_and_its_like ? 3 : 0;
}

bool is_bare(std::string_view text, std::size_t at) noexcept {
  const char c = text[at];
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  if (std::string_view("_.:/@+=~-").find(c) != std::string_view::npos) return true;
  return static_cast<unsigned char>(c) >= 0x80 && space_at(text, at) == 0;
}

std::optional<unsigned> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto add = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0U | code >> 6U);
    add(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    add(0xE0U | code >> 12U);
    add(0x80U | (code >> 6U & 0x3FU));
    add(0x80U | (code & 0x3FU));
  } else {
    add(0xF0U | code >> 18U);
    add(0x80U | (code >> 12U & 0x3FU));
    add(0x80U | (code >> 6U & 0x3FU));
    add(0x80U | (code & 0x3FU));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  // False: failed at offset(), with status().
  bool parse() {
    bool operand_is_next = true;
    for (;;) {
      skip_spaces();
      start_ = at_;
      const bool end = at_ == text_.size();
      const bool fine =
          operand_is_next ? operand(end, operand_is_next) : link(end, operand_is_next);
      if (!fine) return false;
      if (end) return true;
    }
  }
  [[nodiscard]] std::size_t offset() const noexcept { return start_; }
  [[nodiscard]] Status status() const noexcept { return status_; }
  [[nodiscard]] const std::vector<std::byte>& program() const noexcept {
    return operands_.front().bytes;
  }

 private:
  bool fail(std::size_t at) noexcept {
    start_ = at;
    return false;
  }
  bool exceed() noexcept {
    status_ = Status::LimitExceeded;
    return false;
  }

  void skip_spaces() noexcept {
    while (at_ < text_.size()) {
      const std::size_t length = space_at(text_, at_);
      if (length == 0) return;
      at_ += length;
    }
  }

  // Reads an operand, or an operator in front of one.
  bool operand(bool end, bool& operand_is_next) {
    if (end) return false;
    const char c = text_[at_];
    if (c == '!' || c == '(') {
      operators_.push_back({c, at_++});
      return true;
    }
    operand_is_next = false;
    if (c == '"' || c == '\'') return quoted(c);
    if (c == '#') return peer();
    std::size_t last = at_;
    while (last < text_.size() && is_bare(text_, last)) ++last;
    if (last == at_) return false;
    const std::string_view name = text_.substr(at_, last - at_);
    at_ = last;
    if (name == "true") return push_operation(SelectorOp::True);
    if (name == "false") return push_operation(SelectorOp::False);
    return push_name(name);
  }

  // Reads what may follow an operand: an operator, a closing parenthesis, the end.
  bool link(bool end, bool& operand_is_next) {
    if (end) {
      if (!reduce(0)) return false;
      return operators_.empty() || fail(operators_.back().start);
    }
    const char c = text_[at_];
    if (c == '&' || c == '|') {
      if (!reduce(precedence(c))) return false;
      operators_.push_back({c, at_++});
      operand_is_next = true;
      return true;
    }
    if (c != ')') return false;
    if (!reduce(0)) return false;
    if (operators_.empty()) return false;
    operators_.pop_back();
    ++at_;
    return true;
  }

  // Applies the operators on the stack that bind stronger than `limit`.
  bool reduce(int limit) {
    while (!operators_.empty() && precedence(operators_.back().kind) > limit) {
      const char kind = operators_.back().kind;
      operators_.pop_back();
      if (kind == '!') {
        if (!negate()) return false;
      } else if (!combine_chain(kind)) {
        return false;
      }
    }
    return true;
  }

  bool negate() {
    Piece& piece = operands_.back();
    piece.bytes.push_back(static_cast<std::byte>(SelectorOp::Not));
    ++piece.operations;
    return within_limits(piece) || exceed();
  }

  // Combines a whole chain `a & b & c` at once, so that it needs a depth of 2 and is copied once.
  bool combine_chain(char kind) {
    std::size_t count = 2;
    while (!operators_.empty() && operators_.back().kind == kind) {
      operators_.pop_back();
      ++count;
    }
    const auto op = static_cast<std::byte>(kind == '&' ? SelectorOp::And : SelectorOp::Or);
    const std::size_t first = operands_.size() - count;
    Piece whole = std::move(operands_[first]);
    for (std::size_t i = first + 1; i < operands_.size(); ++i) {
      const Piece& part = operands_[i];
      whole.bytes.insert(whole.bytes.end(), part.bytes.begin(), part.bytes.end());
      whole.bytes.push_back(op);
      whole.operations += part.operations + 1;
      whole.depth = std::max(whole.depth, part.depth + 1);
      if (!within_limits(whole)) return exceed();
    }
    operands_.resize(first);
    operands_.push_back(std::move(whole));
    return true;
  }

  static bool within_limits(const Piece& piece) noexcept {
    return piece.bytes.size() <= kMaxSelectorBytes && piece.operations <= kMaxSelectorOps &&
           piece.depth <= kMaxSelectorDepth;
  }

  bool push_operation(SelectorOp op) {
    operands_.push_back({.bytes = {static_cast<std::byte>(op)}});
    return true;
  }

  bool push_name(std::string_view name) {
    if (name.empty() || name.size() > kMaxLabelStringBytes) return false;
    if (!valid_utf8(name)) return false;
    Piece piece;
    piece.bytes = {static_cast<std::byte>(SelectorOp::Leaf), static_cast<std::byte>(name.size())};
    const auto bytes = std::as_bytes(std::span(name));
    piece.bytes.insert(piece.bytes.end(), bytes.begin(), bytes.end());
    operands_.push_back(std::move(piece));
    return true;
  }

  bool peer() {
    std::size_t last = at_ + 1;
    std::uint64_t id = 0;
    while (last < text_.size() && text_[last] >= '0' && text_[last] <= '9' && last - at_ <= 16)
      id = id * 10 + static_cast<std::uint64_t>(text_[last++] - '0');
    if (last == at_ + 1 || id > kMaxId || (last < text_.size() && is_bare(text_, last)))
      return false;
    at_ = last;
    Piece piece;
    piece.bytes = {static_cast<std::byte>(SelectorOp::Peer)};
    for (unsigned shift = 0; shift < 64; shift += 8)
      piece.bytes.push_back(static_cast<std::byte>(id >> shift & 0xFFU));
    operands_.push_back(std::move(piece));
    return true;
  }

  bool quoted(char quote) {
    std::string name;
    std::size_t at = at_ + 1;
    for (;;) {
      if (at >= text_.size()) return false;
      if (text_[at] == quote) break;
      if (text_[at] == '\\') {
        const std::size_t length = escape(at, name);
        if (length == 0) return fail(at);
        at += length;
      } else {
        name.push_back(text_[at++]);
      }
    }
    if (!push_name(name)) return false;
    at_ = at + 1;
    return true;
  }

  // Length of the escape sequence at `at`; 0 if there is none.
  std::size_t escape(std::size_t at, std::string& out) {
    if (at + 1 >= text_.size()) return 0;
    const char letter = text_[at + 1];
    constexpr std::string_view kLetters = "\"'\\/bfnrt";
    constexpr std::string_view kMeanings = "\"'\\/\b\f\n\r\t";
    if (const auto known = kLetters.find(letter); known != std::string_view::npos) {
      out.push_back(kMeanings[known]);
      return 2;
    }
    if (letter != 'u') return 0;
    const bool braces = at + 2 < text_.size() && text_[at + 2] == '{';
    const std::size_t first = at + (braces ? 3 : 2);
    const std::size_t most = braces ? 6 : 4;
    std::uint32_t code = 0;
    std::size_t digits = 0;
    for (; digits < most && first + digits < text_.size(); ++digits) {
      const auto digit = hex_digit(text_[first + digits]);
      if (!digit) break;
      code = code * 16 + *digit;
    }
    std::size_t length = first + digits - at;
    if (digits == 0 || (!braces && digits != 4)) return 0;
    if (braces) {
      if (first + digits >= text_.size() || text_[first + digits] != '}') return 0;
      ++length;
    }
    if (code >= 0xD800 && code < 0xDC00 && !braces) {
      // The high surrogate of a pair, as JavaScript writes it.
      const std::size_t next = at + length;
      std::string half;
      if (text_.substr(next).starts_with("\\u") && next + 6 <= text_.size()) {
        std::uint32_t low = 0;
        for (std::size_t i = next + 2; i < next + 6; ++i) {
          const auto digit = hex_digit(text_[i]);
          if (!digit) return 0;
          low = low * 16 + *digit;
        }
        if (low < 0xDC00 || low > 0xDFFF) return 0;
        append_utf8(out, 0x10000U + ((code - 0xD800U) << 10U) + (low - 0xDC00U));
        return length + 6;
      }
      return 0;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return 0;
    append_utf8(out, code);
    return length;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  Status status_ = Status::InvalidSelector;
  std::vector<Piece> operands_;
  std::vector<Operator> operators_;
};

}  // namespace

Result<SelectorProgram> parse_selector_text(std::string_view text, std::size_t& out_offset) {
  if (text.size() > kMaxSelectorText) {
    out_offset = kMaxSelectorText;
    return Status::LimitExceeded;
  }
  Parser parser(text);
  if (!parser.parse()) {
    out_offset = parser.offset();
    return parser.status();
  }
  return SelectorProgram::create(parser.program());
}

}  // namespace busbar
