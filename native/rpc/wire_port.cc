// The port over wires: handshakes, frames in both directions, and ends.
#include "rpc/wire_port.h"

#include <algorithm>
#include <climits>

namespace busbar::rpc::detail {

namespace {

struct WireTarget final : Target {
  std::string label;
  std::uint64_t peer = 0;
};

WireFault malformed(const char* what) { return {"FRAME_MALFORMED", what}; }

std::array<std::uint8_t, 16> key_of(const std::byte* type) noexcept {
  std::array<std::uint8_t, 16> key{};
  std::transform(type, type + key.size(), key.begin(),
                 [](std::byte each) { return std::to_integer<std::uint8_t>(each); });
  return key;
}

std::string_view text_of(const std::vector<std::byte>& bytes, std::size_t from) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()) + from, bytes.size() - from};
}

}  // namespace

WirePort::WirePort(PortHost& host, const WireOptions& options, bool connects, int listener)
    : host_(host), options_(options), connects_(connects), listener_(listener) {}

void WirePort::add(int from, int to) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::uint64_t peer = next_peer_++;
  WireLine& line =
      *lines_.emplace(peer, std::make_unique<WireLine>(peer, from, to, options_)).first->second;
  if (connects_) say_hello(line);
}

Status WirePort::wait_open() {
  std::unique_lock<std::mutex> lock(mutex_);
  opened_.wait(lock, [&] { return opening_.has_value(); });
  return *opening_;
}

bool WirePort::is_relay(std::uint64_t peer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = lines_.find(peer);
  return found != lines_.end() && found->second->relays;
}

// --- for the session's thread ---

busbar_status WirePort::receive(std::int32_t timeout, std::optional<Arrived>& arrived) {
  for (int looks = 0; looks < 2; ++looks) {
    if (tell_events()) return BUSBAR_WOULD_BLOCK;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!ready_.empty()) {
        arrived.emplace(std::move(ready_.front()));
        ready_.pop_front();
        return BUSBAR_OK;
      }
      if (over_) {
        // The session sees to what it was told first.
        const bool ends = timeout == 0 && looked_since_;
        if (timeout == 0) looked_since_ = true;
        return ends ? BUSBAR_CLOSED : BUSBAR_WOULD_BLOCK;
      }
    }
    if (looks > 0 || !wait(timeout)) break;
  }
  return BUSBAR_WOULD_BLOCK;
}

bool WirePort::tell_events() {
  std::vector<Event> events;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // What arrived before an end comes before it.
    if (!ready_.empty()) return false;
    events.swap(events_);
  }
  for (const Event& each : events) host_.told(each.kind, each.peer, each.message);
  return !events.empty();
}

std::uint32_t WirePort::max_frame(const WireLine& line) const noexcept {
  return line.hello ? options_.frame_bytes : kMaxHelloBytes;
}

void WirePort::say_hello(WireLine& line) {
  line.said = true;
  const std::string* token = connects_ && !options_.token.empty() ? &options_.token : nullptr;
  append_frame(line.out(), FrameKind::hello, hello_content(options_.frame_bytes, offers_, token));
}

bool WirePort::received(WireLine& line) {
  const bool goes_on = line.read();
  std::vector<std::byte> bytes;
  std::optional<WireFault> fault;
  while (!fault && line.next_frame(max_frame(line), bytes, fault)) {
    if (bytes[0] == static_cast<std::byte>(FrameKind::refusal)) {
      last_words_ = read_refusal(text_of(bytes, 1));
      return end(lines_.find(line.peer), nullptr), false;
    }
    if (bytes[0] == static_cast<std::byte>(FrameKind::bye) && line.hello)
      return end(lines_.find(line.peer), nullptr), false;
    fault = frame(line, std::move(bytes));
    bytes.clear();
  }
  if (fault) {
    // Whatever speaks another protocol looks like frames that are too large.
    if (!line.hello && std::string_view(fault->code).substr(0, 6) == "FRAME_")
      fault = WireFault{"NOT_A_WIRE", "the other side speaks no wire"};
    last_words_ = std::string_view(fault->code) == "WIRE_VERSION" ? BUSBAR_VERSION_MISMATCH
                                                                  : BUSBAR_PROTOCOL_VIOLATION;
    return end(lines_.find(line.peer), &*fault), false;
  }
  if (goes_on) return true;
  return end(lines_.find(line.peer), nullptr), false;
}

std::optional<WireFault> WirePort::frame(WireLine& line, std::vector<std::byte> bytes) {
  if (!line.hello) return greeted(line, bytes);
  switch (static_cast<FrameKind>(bytes[0])) {
    case FrameKind::message:
    case FrameKind::newest:
      return message(line, std::move(bytes));
    case FrameKind::taken:
      if (bytes.size() != kTakenBytes) return malformed("a frame `taken` has another size");
      taken(line, &bytes[4]);
      return std::nullopt;
    case FrameKind::offers: {
      auto fault = read_offers(text_of(bytes, 1), line.offers);
      for (const WireOffer& each : line.offers) line.relays = line.relays || each.relayed;
      events_.push_back({BUSBAR_EVENT_PEER_RELABELLED, line.peer, 0});
      return fault;
    }
    case FrameKind::ping:
      append_frame(line.out(), FrameKind::pong, {});
      return std::nullopt;
    case FrameKind::pong:
      return std::nullopt;
    default:
      return malformed("a frame of an unknown kind");
  }
}

std::optional<WireFault> WirePort::greeted(WireLine& line, const std::vector<std::byte>& bytes) {
  WireHello hello;
  if (auto fault = read_hello(text_of(bytes, 0), hello)) return fault;
  if (!connects_ && !options_.token.empty() && !is_same_token(options_.token, hello.token))
    return WireFault{"WIRE_TOKEN", "the token is wrong or missing"};
  line.offers = hello.offers;
  for (const WireOffer& each : line.offers) line.relays = line.relays || each.relayed;
  line.hello = std::move(hello);
  if (!line.said) say_hello(line);
  events_.push_back({BUSBAR_EVENT_PEER_JOINED, line.peer, 0});
  if (!opening_) {
    opening_ = Status();
    opened_.notify_all();
  }
  return std::nullopt;
}

std::optional<WireFault> WirePort::message(WireLine& line, std::vector<std::byte> bytes) {
  busbar_message_info info{};
  if (!read_message(bytes, info)) return malformed("a message is shorter than it says");
  info.from_id = line.peer;
  if (bytes[0] == static_cast<std::byte>(FrameKind::newest)) {
    std::string type(3, '\0');
    type.append(reinterpret_cast<const char*>(info.type.bytes), sizeof info.type.bytes);
    append_frame(line.out(), FrameKind::taken, type);
  }
  const bool is_answer = info.type == busbar_rpc_answer_type() || info.reply_to != 0;
  if (is_answer) {
    line.inbound.told(info.reply_to, info.format);
  } else if (busbar_rpc_kind(info.format) != BUSBAR_RPC_EMISSION) {
    if (info.id == 0 || line.inbound.has(info.id)) return malformed("a call with a number in use");
    if (!line.inbound.admit(info)) {
      // Beyond the limits of the wire, a call is refused here.
      const Codec codec =
          busbar_rpc_codec(info.format) == BUSBAR_RPC_JSON ? Codec::json : Codec::messagepack;
      Writer out(codec);
      out.begin_map(2);
      out.key("load");
      out.integer(std::uint64_t{line.inbound.count()});
      out.key("leaving");
      out.boolean(false);
      out.end();
      // A peer that takes no refusals gets no more of them.
      if (line.waiting() > 2 * options_.queue_bytes + 65'536)
        return malformed("the other side calls on and takes no answers");
      append_message(line.out(), FrameKind::message, busbar_rpc_answer_type(),
                     busbar_rpc_format(BUSBAR_RPC_BUSY, static_cast<std::uint32_t>(codec), 0),
                     next_id_++, info.id, out.out, {});
      return std::nullopt;
    }
  }
  ready_.emplace_back(std::move(bytes), info);
  return std::nullopt;
}

void WirePort::taken(WireLine& line, const std::byte* type) {
  const auto found = line.newest.find(key_of(type));
  if (found == line.newest.end()) return;
  if (!found->second) {
    line.newest.erase(found);
    return;
  }
  line.out() += *found->second;
  found->second.reset();
}

bool WirePort::write(WireLine& line) {
  if (!line.write()) return end(lines_.find(line.peer), nullptr), false;
  if (line.wants_room && line.waiting() < options_.queue_bytes / 2 + 1) {
    line.wants_room = false;
    events_.push_back({BUSBAR_EVENT_ROOM, line.peer, 0});
  }
  return true;
}

// Handshakes that take too long, and peers that are silent.
void WirePort::look_at_clocks() {
  const auto now = Clock::now();
  for (auto at = lines_.begin(); at != lines_.end();) {
    const auto next = std::next(at);
    WireLine& line = *at->second;
    if (!line.hello && now - line.begun() >= options_.handshake) {
      last_words_ = BUSBAR_TIMEOUT;
      const WireFault late{"HANDSHAKE_TIMEOUT", "the handshake did not end in time"};
      end(at, &late);
    } else if (line.hello && options_.keep_alive.count() > 0 &&
               now - line.heard >= options_.keep_alive) {
      if (line.pinged) {
        const WireFault silent{"WIRE_SILENT", "the other side does not answer"};
        end(at, &silent);
      } else {
        line.pinged = true;
        line.heard = now;
        append_frame(line.out(), FrameKind::ping, {});
      }
    }
    at = next;
  }
}

// Milliseconds that may be waited before a clock is looked at.
std::int32_t WirePort::patience(std::int32_t timeout) const {
  auto until = Clock::time_point::max();
  for (const auto& [peer, line] : lines_) {
    if (!line->hello) {
      until = std::min(until, line->begun() + options_.handshake);
    } else if (options_.keep_alive.count() > 0) {
      until = std::min(until, line->heard + options_.keep_alive);
    }
  }
  if (until == Clock::time_point::max()) return timeout;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  const auto most = static_cast<std::int32_t>(std::clamp<std::int64_t>(left, 0, INT_MAX));
  return timeout == BUSBAR_FOREVER ? most : std::min(timeout, most);
}

// The wire is over; `fault` is what the other side gets to know.
void WirePort::end(Lines::iterator at, const WireFault* fault) {
  const LinePtr line = std::move(at->second);
  lines_.erase(at);
  if (fault != nullptr) {
    append_frame(line->out(), FrameKind::refusal, refusal_content(*fault));
    (void)line->write();
  }
  if (line->hello) {
    for (const std::uint64_t call : line->unsent()) {
      events_.push_back({BUSBAR_EVENT_UNDELIVERED, line->peer, call});
    }
    events_.push_back({BUSBAR_EVENT_PEER_ENDED, line->peer, 0});
  }
  if (listener_ >= 0) return;
  over_ = true;
  if (!opening_) {
    opening_ = Status(last_words_);
    opened_.notify_all();
  }
}

// --- for the session, under its lock ---

Status WirePort::relabel(const std::vector<std::string>&, const std::vector<Offered>& offers) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    offers_ = offers;
    for (const auto& [peer, line] : lines_) {
      if (line->said) append_frame(line->out(), FrameKind::offers, offers_content(offers_));
    }
  }
  wake();
  return {};
}

Posted WirePort::post(std::uint64_t peer, const busbar_uuid& type, std::uint16_t format,
                      std::uint64_t reply_to, const Encoded& body, Bytes metadata, bool cork) {
  const bool attaches = !body.attachments.objects.empty() || !body.attachments.regions.empty();
  std::uint64_t id = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = lines_.find(peer);
    if (found == lines_.end() || !found->second->hello) return kGone;
    WireLine& line = *found->second;
    const std::size_t size = kMessageHead + metadata.size() + body.payload.size();
    if (attaches || size > line.hello->frame_bytes) return kRefused;
    if (line.waiting() >= options_.queue_bytes) {
      line.wants_room = true;
      return kFull;
    }
    id = next_id_++;
    append_message(line.out(), FrameKind::message, type, format, id, reply_to, body.payload,
                   metadata);
    const bool is_call = reply_to == 0 && type != busbar_rpc_answer_type();
    if (is_call) {
      line.appended_call(id);
    } else {
      line.inbound.answered(reply_to, format);
    }
  }
  if (!cork) wake();
  return static_cast<Posted>(id);
}

void WirePort::flush() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto at = lines_.begin(); at != lines_.end();) {
    const auto next = std::next(at);
    if (at->second->waiting() > 0) (void)write(*at->second);
    at = next;
  }
}

std::shared_ptr<Target> WirePort::target(const std::string& label, const std::string& to,
                                         std::string& problem) {
  auto made = std::make_shared<WireTarget>();
  made->label = label;
  if (to.empty()) return made;
  if (to[0] == '#' && to.size() < 20 && to.find_first_not_of("0123456789", 1) == std::string::npos)
    made->peer = std::strtoull(to.c_str() + 1, nullptr, 10);
  if (made->peer != 0) return made;
  problem = "over a wire, `to` is one of its peers";
  return nullptr;
}

void WirePort::find_peers(Target& target) {
  const auto& wanted = static_cast<WireTarget&>(target);
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [peer, line] : lines_) {
    if (!line->hello || (wanted.peer != 0 && wanted.peer != peer)) continue;
    const bool offers =
        std::any_of(line->offers.begin(), line->offers.end(),
                    [&](const WireOffer& each) { return each.label() == wanted.label; });
    if (offers) target.peers.push_back(peer);
  }
}

void WirePort::emit(Subscribers& subscribers, const busbar_uuid& type, std::uint16_t format,
                    const Encoded& body, const char* key) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [peer, count] : subscribers.peers) {
      const auto found = lines_.find(peer);
      if (found == lines_.end() || !found->second->hello) continue;
      WireLine& line = *found->second;
      // Too large for this subscriber.
      if (kMessageHead + body.payload.size() > line.hello->frame_bytes) continue;
      if (key == nullptr) {
        // A slow subscriber must hold up neither the server nor the others.
        if (line.waiting() >= options_.queue_bytes) continue;
        append_message(line.out(), FrameKind::message, type, format, next_id_++, 0, body.payload,
                       {});
        continue;
      }
      std::string frame;
      append_message(frame, FrameKind::newest, type, format, next_id_++, 0, body.payload, {});
      const auto [at, is_first] = line.newest.try_emplace(
          key_of(reinterpret_cast<const std::byte*>(type.bytes)), std::nullopt);
      if (is_first) {
        line.out() += frame;
      } else {
        at->second = std::move(frame);
      }
    }
  }
  wake();
}

}  // namespace busbar::rpc::detail
