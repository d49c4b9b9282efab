// The trace of a call, on its way to the calls that are made for it.
#include <algorithm>
#include <cstring>

#include "rpc/service.h"

namespace busbar::rpc::detail {

namespace {

// The value of `tracestate` in metadata that has been read without a fault; empty if there is none.
std::vector<std::uint8_t> state_in(busbar_span metadata) {
  const auto* bytes = static_cast<const std::uint8_t*>(metadata.data);
  for (std::size_t at = 2; at + 2 <= metadata.bytes;) {
    const std::size_t length = bytes[at + 1];
    const std::size_t end = std::min<std::size_t>(at + 2 + length, metadata.bytes);
    if (bytes[at] == BUSBAR_RPC_TAG_TRACE_STATE) return {bytes + at + 2, bytes + end};
    at += 2 + length;
  }
  return {};
}

}  // namespace

std::shared_ptr<const Trace> trace_of(const busbar_message_info& info,
                                      const busbar_rpc_metadata& fields) {
  if (fields.has_trace == 0) return nullptr;
  auto trace = std::make_shared<Trace>();
  trace->fields.has_trace = 1;
  std::memcpy(trace->fields.trace, fields.trace, sizeof fields.trace);
  trace->fields.has_cause = 1;
  trace->fields.cause_peer = info.from_id;
  trace->fields.cause_id = info.id;
  trace->state = state_in(info.metadata);
  return trace;
}

std::size_t write_with_trace(busbar_rpc_metadata fields, const Trace* trace,
                             std::array<std::uint8_t, 240>& out) {
  static_assert(BUSBAR_RPC_METADATA_BYTES <= 240);
  if (trace == nullptr) return busbar_rpc_write_metadata(&fields, out.data());
  fields.has_trace = 1;
  std::memcpy(fields.trace, trace->fields.trace, sizeof fields.trace);
  fields.has_cause = 1;
  fields.cause_peer = trace->fields.cause_peer;
  fields.cause_id = trace->fields.cause_id;
  std::size_t size = busbar_rpc_write_metadata(&fields, out.data());
  const std::size_t length = trace->state.size();
  // What belongs to the call comes first; a state that does not fit may be left out.
  if (length == 0 || size + 2 + length > out.size()) return size;
  out[size++] = BUSBAR_RPC_TAG_TRACE_STATE;
  out[size++] = static_cast<std::uint8_t>(length);
  std::copy(trace->state.begin(), trace->state.end(), out.begin() + static_cast<long>(size));
  return size + length;
}

}  // namespace busbar::rpc::detail
