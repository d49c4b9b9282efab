// The frames of wires, written and read. What is read was written by a peer.
#include "rpc/wire_frames.h"

#include <cstring>

namespace busbar::rpc::detail {

namespace {

constexpr std::string_view kMagic = "BBWR";
constexpr unsigned char kVersion = 1;
constexpr std::size_t kHelloHead = 6;
constexpr std::size_t kMaxOffers = 1024;
constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxMetadata = 240;
constexpr std::uint64_t kLeastFrame = 256;
constexpr std::uint64_t kMostFrame = std::uint64_t{1} << 53U;

void append_number(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; ++at) {
    out.push_back(static_cast<char>((value >> (8 * at)) & 0xFFU));
  }
}

std::uint64_t read_number(const std::byte* at, std::size_t bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t left = bytes; left > 0; --left) {
    value = value << 8U | std::to_integer<std::uint64_t>(at[left - 1]);
  }
  return value;
}

void write_offers(Writer& out, const std::vector<Offered>& offers) {
  out.begin_list(offers.size());
  for (const Offered& each : offers) {
    out.begin_map(3);
    out.key("name");
    out.text(each.name);
    out.key("version");
    out.text(each.version);
    // Computed by those who have the interface as a value; nobody compares it to call.
    out.key("hash");
    out.text("unknown");
    out.end();
  }
  out.end();
}

WireFault not_a_wire(const std::string& what) {
  return {"NOT_A_WIRE", "the hello of the other side " + what};
}

bool is_short(const std::string& text) { return !text.empty() && text.size() <= kMaxName; }

bool read_offer(Reader& in, WireOffer& offer) {
  std::string_view key;
  if (!in.begin_map()) return false;
  std::string hash;
  while (in.key(key)) {
    const bool read = key == "name"      ? in.text(offer.name)
                      : key == "version" ? in.text(offer.version)
                      : key == "hash"    ? in.text(hash)
                      : key == "relayed" ? in.boolean(offer.relayed)
                                         : in.skip();
    if (!read) return false;
  }
  return is_short(offer.name) && is_short(offer.version) && is_short(hash);
}

bool read_list(Reader& in, std::vector<WireOffer>& offers) {
  offers.clear();
  if (!in.begin_list()) return false;
  while (in.element()) {
    if (offers.size() == kMaxOffers) return false;
    if (!read_offer(in, offers.emplace_back())) return false;
  }
  return in.ok();
}

bool read_limits(Reader& in, std::uint64_t& frame_bytes) {
  std::string_view key;
  if (!in.begin_map()) return false;
  while (in.key(key)) {
    if (!(key == "frameBytes" ? in.integer(frame_bytes, kMostFrame) : in.skip())) return false;
  }
  return in.ok();
}

}  // namespace

std::uint32_t read_u32(const std::byte* at) noexcept {
  return static_cast<std::uint32_t>(read_number(at, 4));
}

void append_message(std::string& out, FrameKind kind, const busbar_uuid& type, std::uint16_t format,
                    std::uint64_t id, std::uint64_t reply_to, std::string_view payload,
                    Bytes metadata) {
  append_number(out, kMessageHead + metadata.size() + payload.size(), kLengthBytes);
  append_number(out, static_cast<std::uint8_t>(kind), 1);
  append_number(out, metadata.size(), 1);
  append_number(out, format, 2);
  append_number(out, id, 8);
  append_number(out, reply_to, 8);
  out.append(reinterpret_cast<const char*>(type.bytes), sizeof type.bytes);
  out.append(reinterpret_cast<const char*>(metadata.data()), metadata.size());
  out.append(payload);
}

void append_frame(std::string& out, FrameKind kind, std::string_view content) {
  append_number(out, 1 + content.size(), kLengthBytes);
  append_number(out, static_cast<std::uint8_t>(kind), 1);
  out.append(content);
}

bool read_message(const std::vector<std::byte>& frame, busbar_message_info& info) {
  if (frame.size() < kMessageHead) return false;
  const std::size_t metadata = std::to_integer<std::size_t>(frame[1]);
  if (metadata > kMaxMetadata || kMessageHead + metadata > frame.size()) return false;
  info = {};
  info.size = sizeof info;
  info.format = static_cast<std::uint16_t>(read_number(&frame[2], 2));
  info.id = read_number(&frame[4], 8);
  info.reply_to = read_number(&frame[12], 8);
  std::memcpy(info.type.bytes, &frame[20], sizeof info.type.bytes);
  info.metadata = {frame.data() + kMessageHead, metadata};
  info.payload = {frame.data() + kMessageHead + metadata, frame.size() - kMessageHead - metadata};
  return true;
}

std::string hello_content(std::uint32_t frame_bytes, const std::vector<Offered>& offers,
                          const std::string* token) {
  Writer out(Codec::json);
  out.begin_map(token == nullptr ? 2 : 3);
  out.key("limits");
  out.begin_map(1);
  out.key("frameBytes");
  out.integer(std::uint64_t{frame_bytes});
  out.end();
  out.key("offers");
  write_offers(out, offers);
  if (token != nullptr) {
    out.key("token");
    out.text(*token);
  }
  out.end();
  return std::string(kMagic) + static_cast<char>(kVersion) + out.out;
}

std::string offers_content(const std::vector<Offered>& offers) {
  Writer out(Codec::json);
  write_offers(out, offers);
  return out.out;
}

std::string refusal_content(const WireFault& fault) {
  Writer out(Codec::json);
  out.begin_map(2);
  out.key("code");
  out.text(fault.code);
  out.key("message");
  out.text(fault.text);
  out.end();
  return out.out;
}

std::optional<WireFault> read_hello(std::string_view frame, WireHello& hello) {
  if (frame.size() < kHelloHead || frame[0] != static_cast<char>(FrameKind::hello) ||
      frame.substr(1, kMagic.size()) != kMagic) {
    return WireFault{"NOT_A_WIRE", "the other side does not begin as a wire of busbar does"};
  }
  // A newer side decides whether it still speaks this version.
  if (static_cast<unsigned char>(frame[kHelloHead - 1]) < kVersion) {
    return WireFault{"WIRE_VERSION", "the other side speaks an older version of the protocol"};
  }
  Reader in(frame.substr(kHelloHead), Codec::json, nullptr);
  std::string_view key;
  bool half_duplex = false;
  bool has_offers = false;
  if (!in.begin_map()) return not_a_wire("is no JSON");
  while (in.key(key)) {
    if (key == "limits") {
      if (!read_limits(in, hello.frame_bytes)) return not_a_wire("says no limit of its frames");
    } else if (key == "offers") {
      has_offers = read_list(in, hello.offers);
      if (!has_offers) break;
    } else if (key == "token") {
      if (!in.text(hello.token)) return not_a_wire("has a token that is no text");
    } else if (key == "halfDuplex") {
      if (!in.boolean(half_duplex)) break;
    } else if (!in.skip()) {
      break;
    }
  }
  if (!has_offers) return not_a_wire("has no list of interfaces");
  if (!in.end()) return not_a_wire("is no JSON");
  if (hello.frame_bytes < kLeastFrame) return not_a_wire("says no limit of its frames");
  if (half_duplex) return WireFault{"NOT_A_WIRE", "only one of the two sides takes turns"};
  return std::nullopt;
}

std::optional<WireFault> read_offers(std::string_view json, std::vector<WireOffer>& offers) {
  Reader in(json, Codec::json, nullptr);
  if (json.size() > kMaxHelloBytes || !read_list(in, offers) || !in.end())
    return WireFault{"NOT_A_WIRE", "the other side offers no list of interfaces"};
  return std::nullopt;
}

busbar_status read_refusal(std::string_view json) {
  Reader in(json, Codec::json, nullptr);
  std::string_view key;
  std::string code;
  if (in.begin_map()) {
    while (in.key(key)) {
      if (!(key == "code" ? in.text(code) : in.skip())) break;
    }
  }
  if (code == "WIRE_TOKEN") return BUSBAR_TOKEN_MISMATCH;
  if (code == "WIRE_VERSION") return BUSBAR_VERSION_MISMATCH;
  if (code == "HANDSHAKE_TIMEOUT") return BUSBAR_TIMEOUT;
  if (code == "TOO_MANY_WIRES") return BUSBAR_LIMIT_EXCEEDED;
  return BUSBAR_PROTOCOL_VIOLATION;
}

bool is_same_token(std::string_view expected, std::string_view given) noexcept {
  std::size_t different = expected.size() ^ given.size();
  for (std::size_t at = 0; at < expected.size(); ++at) {
    const char other = given.empty() ? '\0' : given[at % given.size()];
    different |= static_cast<unsigned char>(expected[at] ^ other);
  }
  return different == 0;
}

}  // namespace busbar::rpc::detail
