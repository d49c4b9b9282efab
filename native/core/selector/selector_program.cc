// Validation and evaluation of selector programs: the only evaluator, for every language.
#include "core/selector/selector_program.h"

#include <string_view>

#include "base/bytes.h"
#include "base/utf8.h"

namespace busbar {
namespace {

std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Reads one operation; returns the stack's depth after it, 0 when the program is not valid
// (no operation of a valid program leaves the stack empty).
std::size_t depth_after_next_op(ByteReader& reader, std::size_t depth) noexcept {
  switch (static_cast<SelectorOp>(reader.u8())) {
    case SelectorOp::False:
    case SelectorOp::True:
      return depth + 1;
    case SelectorOp::Leaf: {
      const std::string_view leaf = as_text(reader.bytes(reader.u8()));
      return !leaf.empty() && valid_utf8(leaf) ? depth + 1 : 0;
    }
    case SelectorOp::Peer:
      return reader.bytes(sizeof(std::uint64_t)).empty() ? 0 : depth + 1;
    case SelectorOp::And:
    case SelectorOp::Or:
      return depth < 2 ? 0 : depth - 1;
    case SelectorOp::Not:
      return depth;
  }
  return 0;
}

bool valid_program(std::span<const std::byte> program) noexcept {
  if (program.size() > kMaxSelectorBytes) return false;
  ByteReader reader(program);
  std::size_t depth = 0;
  for (std::size_t ops = 0; reader.remaining() > 0; ++ops) {
    if (ops == kMaxSelectorOps) return false;
    depth = depth_after_next_op(reader, depth);
    if (depth == 0 || depth > kMaxSelectorDepth) return false;
  }
  return depth == 1;
}

std::uint64_t load_u64(const std::byte* at) noexcept {
  return ByteReader({at, sizeof(std::uint64_t)}).u64();
}

}  // namespace

Result<SelectorProgram> SelectorProgram::create(std::span<const std::byte> program) {
  if (!valid_program(program)) return Status::InvalidSelector;
  return SelectorProgram(program);
}

// The stack is one word with its top in the lowest bit: push shifts left, pop shifts right.
// create() has checked that every operation is whole and that the stack neither overflows nor
// underflows.
bool SelectorProgram::matches(std::uint64_t endpoint_id, const Label& label) const noexcept {
  std::uint64_t stack = 0;
  const auto push = [&stack](bool value) { stack = stack << 1 | std::uint64_t{value}; };
  const auto pop = [&stack] {
    const std::uint64_t top = stack & 1;
    stack >>= 1;
    return top;
  };

  const std::byte* const end = bytes_.data() + bytes_.size();
  for (const std::byte* at = bytes_.data(); at != end;) {
    switch (static_cast<SelectorOp>(*at++)) {
      case SelectorOp::False:
        push(false);
        break;
      case SelectorOp::True:
        push(true);
        break;
      case SelectorOp::Leaf: {
        const auto length = std::to_integer<std::size_t>(*at++);
        push(label.contains(as_text({at, length})));
        at += length;
        break;
      }
      case SelectorOp::Peer:
        push(load_u64(at) == endpoint_id);
        at += sizeof(std::uint64_t);
        break;
      case SelectorOp::And: {
        const std::uint64_t right = pop();
        stack &= right | ~std::uint64_t{1};
        break;
      }
      case SelectorOp::Or: {
        const std::uint64_t right = pop();
        stack |= right;
        break;
      }
      case SelectorOp::Not:
        stack ^= 1;
        break;
    }
  }
  return (stack & 1) != 0;
}

}  // namespace busbar

std::size_t std::hash<busbar::SelectorProgram>::operator()(
    const busbar::SelectorProgram& program) const noexcept {
  return std::hash<std::string_view>{}(busbar::as_text(program.bytes()));
}
