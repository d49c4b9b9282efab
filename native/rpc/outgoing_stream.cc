#include "rpc/outgoing_stream.h"

#include "rpc/core.h"

namespace busbar::rpc::detail {

namespace {

// A frame of small items is at most about this large.
constexpr std::size_t kPackBytes = 32U << 10U;
constexpr std::int64_t kPackItems = 1024;
// Larger items go alone.
constexpr std::size_t kLargeItem = 8U << 10U;

std::string list_head(std::int64_t count) {
  Writer out(Codec::messagepack);
  out.begin_list(static_cast<std::size_t>(count));
  return std::move(out.out);
}

}  // namespace

bool OutgoingStream::may_add() const noexcept {
  return !stopped && !finished && !blocked_ && !held_ && resend_.empty() &&
         credit_items > pack_count_ && credit_bytes > static_cast<std::int64_t>(pack_.size());
}

void OutgoingStream::append(Encoded item) {
  const bool is_bare = item.attachments.regions.empty() && item.attachments.objects.empty();
  if (!is_bare || item.payload.size() >= kLargeItem) {
    flush();
    if (blocked_ || peer == 0 || !send(BUSBAR_RPC_ITEM, 1, item)) held_ = std::move(item);
    return;
  }
  if (pack_count_ > 0 && codec == Codec::json) pack_ += ',';
  pack_ += item.payload;
  ++pack_count_;
  if (pack_.size() >= kPackBytes || pack_count_ >= kPackItems) {
    flush();
  } else {
    core->flush_soon(shared_from_this());
  }
}

void OutgoingStream::flush() {
  if (blocked_ || stopped || peer == 0) return;
  while (!resend_.empty()) {
    const Sent& next = resend_.front();
    if (!send(next.kind, next.count, next.body)) return;
    resend_.pop_front();
  }
  if (pack_count_ > 0) {
    Encoded body;
    const std::int64_t count = pack_count_;
    if (count == 1) {
      body.payload = pack_;
    } else if (codec == Codec::json) {
      body.payload = "[" + pack_ + "]";
    } else {
      body.payload = list_head(count) + pack_;
    }
    if (!send(count == 1 ? BUSBAR_RPC_ITEM : BUSBAR_RPC_ITEMS, count, std::move(body))) return;
    pack_.clear();
    pack_count_ = 0;
  }
  if (held_) {
    if (!send(BUSBAR_RPC_ITEM, 1, *held_)) return;
    held_.reset();
  }
  try_end();
}

// False: the receiver has no room.
bool OutgoingStream::send(std::uint32_t kind, std::int64_t count, Encoded body) {
  // Answers that wait for room come first.
  const bool waits = core->has_backlog(peer);
  const std::uint32_t word = starved_ ? flags | BUSBAR_RPC_STARVED : flags;
  const std::uint16_t format = busbar_rpc_format(kind, static_cast<std::uint32_t>(codec), word);
  const Posted outcome =
      waits ? kFull : core->post(peer, busbar_rpc_answer_type(), format, id, body, {});
  if (outcome == kFull) {
    blocked_ = true;
    core->wait_for_room(peer, shared_from_this());
    return false;
  }
  // If it is gone, the call hears of it, too, and stops this stream.
  starved_ = false;
  credit_items -= count;
  credit_bytes -= static_cast<std::int64_t>(body.payload.size() + attached_bytes(body.attachments));
  if (repeatable) early_.push_back({kind, count, std::move(body)});
  return true;
}

void OutgoingStream::credited(std::size_t items, std::size_t bytes) {
  repeatable = false;
  early_.clear();
  credit_items = std::min(kMaxCredit, credit_items + static_cast<std::int64_t>(items));
  credit_bytes = std::min(kMaxCredit, credit_bytes + static_cast<std::int64_t>(bytes));
  flush();
  wake_writers();
}

void OutgoingStream::unblocked() {
  blocked_ = false;
  flush();
  wake_writers();
}

void OutgoingStream::wake_writers() {
  if (!may_add() && !stopped) return;
  changed.notify_all();
  if (pull != nullptr) core->pull_soon(shared_from_this());
}

void OutgoingStream::placed(std::uint64_t at_peer, std::uint64_t with_id) {
  const bool again = id != 0;
  peer = at_peer;
  id = with_id;
  ended_ = false;
  if (again) {
    blocked_ = false;
    credit_items = first_items_;
    credit_bytes = first_bytes_;
    // What the other server had comes first.
    resend_.insert(resend_.begin(), std::make_move_iterator(early_.begin()),
                   std::make_move_iterator(early_.end()));
    early_.clear();
  }
  flush();
  wake_writers();
}

std::shared_ptr<void> OutgoingStream::stop() {
  stopped = true;
  early_.clear();
  resend_.clear();
  changed.notify_all();
  struct Rest {
    std::shared_ptr<std::function<Pulled()>> pull;
    std::optional<Encoded> held;
  };
  return std::make_shared<Rest>(Rest{std::move(pull), std::move(held_)});
}

void OutgoingStream::try_end() {
  if (!finished || stopped || ended_ || blocked_ || peer == 0 || !resend_.empty() ||
      pack_count_ > 0 || held_) {
    return;
  }
  if (const auto at_server = served.lock()) {
    // Not under this lock's owner: the answer may destroy what the program gave.
    ended_ = true;
    core->tasks_.emplace_back([at_server, stream = shared_from_this()] {
      stream->core->end_stream(*at_server, *stream);
    });
    core->wake();
    return;
  }
  const std::uint16_t format =
      busbar_rpc_format(BUSBAR_RPC_END, static_cast<std::uint32_t>(codec), flags);
  Encoded body;
  if (codec == Codec::json) body.payload = "null";
  if (core->post(peer, busbar_rpc_answer_type(), format, id, body, {}) == kFull) {
    blocked_ = true;
    core->wait_for_room(peer, shared_from_this());
    return;
  }
  ended_ = true;
}

// --- what templates call ---

std::shared_ptr<OutgoingStream> make_input(PendingCall& call) {
  auto stream = std::make_shared<OutgoingStream>(call.core, call.codec, input_items, input_bytes);
  stream->call = call.weak_from_this();
  stream->flags = BUSBAR_RPC_FROM_CALLER;
  stream->repeatable = true;
  const Core::Locked locked(*call.core);
  call.input = stream;
  if (call.settled) stream->stopped = true;
  return stream;
}

Written write(OutgoingStream& stream, Encoded item, bool wait) {
  Core& core = *stream.core;
  const bool own = core.on_own_thread();
  Core::Locked locked(core);
  while (!stream.may_add()) {
    if (stream.stopped || stream.finished) return Written::over;
    stream.note_starved();
    if (stream.may_add()) break;
    if (!wait || own) return Written::no_room;
    stream.changed.wait(locked.lock());
  }
  stream.append(std::move(item));
  return Written::done;
}

bool is_writable(OutgoingStream& stream) {
  const Core::Locked locked(*stream.core);
  return stream.may_add();
}

void pull(const std::shared_ptr<OutgoingStream>& stream, std::function<Pulled()> next) {
  Core::Locked locked(*stream->core);
  auto made = std::make_shared<std::function<Pulled()>>(std::move(next));
  if (stream->stopped) {
    locked.keep(std::move(made));
    return;
  }
  locked.keep(std::exchange(stream->pull, std::move(made)));
  stream->core->pull_soon(stream);
}

void resume(OutgoingStream& stream) {
  const Core::Locked locked(*stream.core);
  if (stream.pull != nullptr) stream.core->pull_soon(stream.shared_from_this());
}

void finish(OutgoingStream& stream) {
  const Core::Locked locked(*stream.core);
  if (stream.finished) return;
  stream.finished = true;
  stream.flush();
}

void Core::flush_soon(const std::shared_ptr<OutgoingStream>& stream) {
  if (stream->dirty) return;
  stream->dirty = true;
  dirty_.push_back(stream);
  wake();
}

void Core::pull_soon(const std::shared_ptr<OutgoingStream>& stream) {
  if (stream->pull_queued) return;
  stream->pull_queued = true;
  pulls_.push_back(stream);
  wake();
}

}  // namespace busbar::rpc::detail
