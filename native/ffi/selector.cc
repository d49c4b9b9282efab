// Expressions over labels, and selectors.
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "core/selector/selector_text.h"
#include "ffi/objects.h"

using busbar::SelectorOp;
using busbar::SelectorProgram;
using busbar::ffi::code;

namespace {

using Bytes = std::vector<std::byte>;

busbar_status make(std::span<const std::byte> program, busbar::Status refusal,
                   busbar_expression** out) {
  if (out == nullptr) return BUSBAR_INVALID_ARGUMENT;
  auto created = SelectorProgram::create(program);
  if (!created) return code(refusal);
  *out = new busbar_expression{created.take()};
  return BUSBAR_OK;
}

busbar_status combine(SelectorOp op, const busbar_expression* left, const busbar_expression* right,
                      busbar_expression** out) {
  if (left == nullptr || right == nullptr) return BUSBAR_INVALID_ARGUMENT;
  Bytes program(left->program.bytes().begin(), left->program.bytes().end());
  program.insert(program.end(), right->program.bytes().begin(), right->program.bytes().end());
  program.push_back(static_cast<std::byte>(op));
  return make(program, busbar::Status::LimitExceeded, out);
}

}  // namespace

extern "C" {

busbar_status busbar_expression_label(const char* name, busbar_expression** out_expression) {
  const std::size_t bytes = name == nullptr ? 0 : std::strlen(name);
  if (bytes < 1 || bytes > 255) return BUSBAR_INVALID_LABEL;
  Bytes program = {static_cast<std::byte>(SelectorOp::Leaf), static_cast<std::byte>(bytes)};
  const auto text = std::as_bytes(std::span(name, bytes));
  program.insert(program.end(), text.begin(), text.end());
  return make(program, busbar::Status::InvalidLabel, out_expression);
}

busbar_status busbar_expression_peer(uint64_t peer_id, busbar_expression** out_expression) {
  Bytes program = {static_cast<std::byte>(SelectorOp::Peer)};
  for (unsigned shift = 0; shift < 64; shift += 8)
    program.push_back(static_cast<std::byte>(peer_id >> shift & 0xFFU));
  return make(program, busbar::Status::InvalidSelector, out_expression);
}

busbar_status busbar_expression_anyone(busbar_expression** out_expression) {
  const std::byte program[] = {static_cast<std::byte>(SelectorOp::True)};
  return make(program, busbar::Status::InvalidSelector, out_expression);
}

busbar_status busbar_expression_and(const busbar_expression* left, const busbar_expression* right,
                                    busbar_expression** out_expression) {
  return combine(SelectorOp::And, left, right, out_expression);
}

busbar_status busbar_expression_or(const busbar_expression* left, const busbar_expression* right,
                                   busbar_expression** out_expression) {
  return combine(SelectorOp::Or, left, right, out_expression);
}

busbar_status busbar_expression_not(const busbar_expression* operand,
                                    busbar_expression** out_expression) {
  if (operand == nullptr) return BUSBAR_INVALID_ARGUMENT;
  Bytes program(operand->program.bytes().begin(), operand->program.bytes().end());
  program.push_back(static_cast<std::byte>(SelectorOp::Not));
  return make(program, busbar::Status::LimitExceeded, out_expression);
}

busbar_status busbar_expression_parse(const char* text, busbar_expression** out_expression,
                                      size_t* out_error_offset) {
  if (text == nullptr || out_expression == nullptr) return BUSBAR_INVALID_ARGUMENT;
  std::size_t offset = 0;
  auto program = busbar::parse_selector_text(text, offset);
  if (!program) {
    if (out_error_offset != nullptr) *out_error_offset = offset;
    return code(program.error());
  }
  *out_expression = new busbar_expression{program.take()};
  return BUSBAR_OK;
}

void busbar_expression_free(busbar_expression* expression) { delete expression; }

busbar_status busbar_selector_create(busbar_endpoint* endpoint, const busbar_expression* expression,
                                     int32_t mode, busbar_selector** out_selector) {
  const bool known = (mode & ~(BUSBAR_MULTICAST | BUSBAR_EXCLUDE_SELF)) == 0;
  if (endpoint == nullptr || expression == nullptr || out_selector == nullptr || !known)
    return BUSBAR_INVALID_ARGUMENT;
  const bool unicast = (mode & BUSBAR_MULTICAST) == 0;
  const busbar::ffi::Lock lock(*endpoint->entry);
  const std::uint32_t route = endpoint->endpoint->add_route(expression->program, unicast,
                                                            (mode & BUSBAR_EXCLUDE_SELF) != 0);
  if (route == 0) return BUSBAR_LIMIT_EXCEEDED;
  *out_selector = new busbar_selector{endpoint->endpoint, endpoint->entry, route, unicast};
  return BUSBAR_OK;
}

busbar_status busbar_selector_parse(busbar_endpoint* endpoint, const char* text, int32_t mode,
                                    busbar_selector** out_selector) {
  busbar_expression* expression = nullptr;
  const busbar_status parsed = busbar_expression_parse(text, &expression, nullptr);
  if (parsed != BUSBAR_OK) return parsed;
  const busbar_status created = busbar_selector_create(endpoint, expression, mode, out_selector);
  busbar_expression_free(expression);
  return created;
}

void busbar_selector_free(busbar_selector* selector) {
  if (selector == nullptr) return;
  {
    const busbar::ffi::Lock lock(*selector->entry);
    selector->endpoint->release_route(selector->route);
  }
  delete selector;
}

}  // extern "C"
