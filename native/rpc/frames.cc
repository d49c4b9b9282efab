// Frames of a session: which half gets them, and what waits for room.
#include "rpc/core.h"

namespace busbar::rpc::detail {

namespace {

// Answers that may wait for one peer without room; then its calls are ended.
constexpr std::size_t kMaxWaiting = 1024;
constexpr std::size_t kMaxWaitingBytes = 16U << 20U;

}  // namespace

std::size_t attached_bytes(const Attachments& attachments) {
  std::size_t sum = 0;
  for (const Region& region : attachments.regions) {
    sum += std::min(kRegionBytes, region.bytes().size());
  }
  return sum;
}

// Under the lock.
Posted Core::post(std::uint64_t peer, const busbar_uuid& type, std::uint16_t format,
                  std::uint64_t reply_to, const Encoded& body, Bytes metadata) {
  if (port_ == nullptr) return kGone;
  // Until the end of this turn.
  const bool cork = on_own_thread();
  if (cork) corked_ = true;
  return port_->post(peer, type, format, reply_to, body, metadata, cork);
}

Posted Core::post_answer(Locked& locked, std::uint64_t peer, std::uint64_t call,
                         std::uint16_t format, Encoded body, Bytes metadata) {
  const auto found = backlogs_.find(peer);
  if (found == backlogs_.end()) {
    const Posted outcome = post(peer, busbar_rpc_answer_type(), format, call, body, metadata);
    if (outcome != kFull) return outcome;
  }
  Backlog& backlog = backlogs_[peer];
  backlog.bytes += body.payload.size();
  backlog.frames.push_back({call, format, std::move(body), {metadata.begin(), metadata.end()}});
  if (backlog.frames.size() <= kMaxWaiting && backlog.bytes <= kMaxWaitingBytes) return 0;
  // It does not take its answers, and must hold up nobody else. One frame stands for all of them.
  ++overruns_;
  const bool has_own =
      std::any_of(backlog.frames.begin(), backlog.frames.end(),
                  [](const Waiting& each) { return (each.format & BUSBAR_RPC_FROM_CALLER) != 0; });
  backlog = {};
  backlog.frames.push_back(
      {0, busbar_rpc_format(BUSBAR_RPC_FORGOTTEN, BUSBAR_RPC_MESSAGEPACK, 0), Encoded{}, {}});
  caller_gone(locked, peer);
  // Credit or the end of an input would be missing: calls to it must not wait for ever.
  if (has_own) server_gone(locked, peer);
  return kGone;
}

void Core::post_credit(Locked& locked, std::uint64_t peer, std::uint64_t call, std::uint32_t flags,
                       std::size_t items, std::size_t bytes) {
  busbar_rpc_metadata fields{};
  const auto cut = [](std::size_t value) {
    return static_cast<std::uint32_t>(std::min<std::size_t>(value, 0xFFFF'FFFF));
  };
  fields.credit_items = cut(items);
  fields.credit_bytes = cut(bytes);
  std::array<std::uint8_t, BUSBAR_RPC_METADATA_BYTES> written{};
  const std::size_t size = busbar_rpc_write_metadata(&fields, written.data());
  (void)post_answer(locked, peer, call, busbar_rpc_format(BUSBAR_RPC_CREDIT, 0, flags), {},
                    {reinterpret_cast<const std::byte*>(written.data()), size});
}

// Too large, for example. Its caller must not wait for ever; an error in place of the answer can
// always be sent. False: it is that error, or no answer.
bool Core::make_unsendable(Waiting& frame) {
  const std::uint32_t kind = busbar_rpc_kind(frame.format);
  const bool is_answer = kind == BUSBAR_RPC_RESULT || kind == BUSBAR_RPC_END ||
                         kind == BUSBAR_RPC_ITEM || kind == BUSBAR_RPC_ERROR;
  if (!is_answer || frame.unsendable || (frame.format & BUSBAR_RPC_FROM_CALLER) != 0) return false;
  frame.unsendable = true;
  const auto codec = static_cast<Codec>(busbar_rpc_codec(frame.format));
  const Error error{"INVALID_RESULT", "the result cannot be sent; it may be too large"};
  frame.format = answer_format(BUSBAR_RPC_ERROR, codec);
  frame.body = error_body(codec, error);
  return true;
}

void Core::send_backlog(Locked& locked, std::uint64_t peer) {
  (void)locked;
  const auto found = backlogs_.find(peer);
  if (found == backlogs_.end()) return;
  Backlog& backlog = found->second;
  while (!backlog.frames.empty()) {
    Waiting& next = backlog.frames.front();
    const Posted outcome = post(peer, busbar_rpc_answer_type(), next.format, next.call, next.body,
                                {next.metadata.data(), next.metadata.size()});
    if (outcome == kFull) return;
    backlog.bytes -= next.body.payload.size();
    if (outcome == kRefused && make_unsendable(next)) {
      backlog.bytes += next.body.payload.size();
      continue;
    }
    backlog.frames.pop_front();
  }
  backlogs_.erase(found);
}

// A receiver has room again, or is gone.
void Core::room(Locked& locked, std::uint64_t peer) {
  send_backlog(locked, peer);
  if (has_backlog(peer)) return;
  std::vector<std::shared_ptr<OutgoingStream>> streams;
  const auto [from, to] = waiting_streams_.equal_range(peer);
  for (auto at = from; at != to; ++at) streams.push_back(at->second);
  waiting_streams_.erase(from, to);
  for (const auto& stream : streams) {
    if (stream->peer == peer) stream->unblocked();
    locked.keep(stream);
  }
  std::vector<CallPtr> calls;
  const auto [first, last] = held_.equal_range(peer);
  for (auto at = first; at != last; ++at) calls.push_back(at->second);
  held_.erase(first, last);
  for (const CallPtr& call : calls) {
    if (!call->settled) place(locked, call);
    locked.keep(call);
  }
}

Frame Core::frame_of(Arrived& message, const busbar_message_info& info) {
  Frame frame;
  frame.kind = busbar_rpc_kind(info.format);
  frame.codec = static_cast<Codec>(busbar_rpc_codec(info.format));
  frame.payload = {static_cast<const char*>(info.payload.data), info.payload.bytes};
  frame.peer = info.from_id;
  frame.starved = (info.format & BUSBAR_RPC_STARVED) != 0;
  busbar::Message* const attached = message.attached();
  for (std::uint32_t at = 0; at < info.region_count; ++at) {
    auto region = attached->take_region(at);
    frame.attachments.regions.push_back(region ? Region(std::move(region).value()) : Region());
  }
  for (std::uint32_t at = 0; at < info.object_count; ++at) {
    auto kind = attached->object_kind(at);
    auto object = attached->take_object(at);
    frame.attachments.objects.push_back(object ? Object(*object, kind ? *kind : 0) : Object());
  }
  frame.size = frame.payload.size() + attached_bytes(frame.attachments);
  return frame;
}

void Core::dispatch(Arrived message) {
  const busbar_message_info info = message.info();
  const std::uint32_t kind = busbar_rpc_kind(info.format);
  static const busbar_uuid answer_type = busbar_rpc_answer_type();
  if (info.type == answer_type) {
    if (kind == BUSBAR_RPC_NOTHING) return;
    if (kind == BUSBAR_RPC_FORGOTTEN && info.reply_to == 0) {
      Locked locked(*this);
      server_gone(locked, info.from_id);
    } else if ((info.format & BUSBAR_RPC_FROM_CALLER) != 0) {
      from_caller(message, info);
    } else {
      answered(message, info);
    }
  } else if (info.reply_to != 0) {
    answered(message, info);
  } else if (kind == BUSBAR_RPC_EMISSION) {
    emitted(message, info);
  } else {
    accept(std::move(message), info);
  }
}

}  // namespace busbar::rpc::detail
