// The frames of wires: their layout, and the handshake. What stands here is the body of a frame; on
// the wire it follows its length, a u32. All numbers are little-endian.
//
//   message    kind 1 or 2 | metadata length u8 | format u16 | id u64 | reply_to u64 | type 16
//   bytes
//              | metadata | payload. The receiver of kind 2 says when it took the message.
//   taken      kind 3, three bytes of 0 | type 16 bytes
//   others     kind | payload
#ifndef BUSBAR_RPC_WIRE_FRAMES_H
#define BUSBAR_RPC_WIRE_FRAMES_H

#include "rpc/port.h"

namespace busbar::rpc::detail {

enum class FrameKind : std::uint8_t {
  message = 1,
  newest = 2,
  taken = 3,
  hello = 4,
  offers = 5,
  ping = 6,
  pong = 7,
  bye = 9,
  refusal = 10,
};

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kMessageHead = 36;
constexpr std::size_t kTakenBytes = 20;
// A hello has at most so many bytes; nothing larger is taken before it.
constexpr std::uint32_t kMaxHelloBytes = 64U << 10U;

// An interface that the other side serves.
struct WireOffer {
  std::string name;
  std::string version;
  // Whether its calls are passed on to servers behind the other side.
  bool relayed = false;
  // Its name and major version.
  [[nodiscard]] std::string label() const {
    return name + "/" + version.substr(0, version.find('.'));
  }
};

// What a side says about itself.
struct WireHello {
  std::uint64_t frame_bytes = 0;
  std::vector<WireOffer> offers;
  std::string token;
};

// Why a wire ends: one of the codes of `WireError` in Node, and a text.
struct WireFault {
  const char* code = "";
  std::string text;
};

[[nodiscard]] std::uint32_t read_u32(const std::byte* at) noexcept;

// Appends the frame of a message, with its length.
void append_message(std::string& out, FrameKind kind, const busbar_uuid& type, std::uint16_t format,
                    std::uint64_t id, std::uint64_t reply_to, std::string_view payload,
                    Bytes metadata);
// Appends another frame, with its length.
void append_frame(std::string& out, FrameKind kind, std::string_view content);
// Fills in what a message says; its spans point into the frame. False: it is malformed.
[[nodiscard]] bool read_message(const std::vector<std::byte>& frame, busbar_message_info& info);

[[nodiscard]] std::string hello_content(std::uint32_t frame_bytes,
                                        const std::vector<Offered>& offers,
                                        const std::string* token);
[[nodiscard]] std::string offers_content(const std::vector<Offered>& offers);
[[nodiscard]] std::string refusal_content(const WireFault& fault);
// Null: it was read. Otherwise why not; the text of the fault is filled in.
[[nodiscard]] std::optional<WireFault> read_hello(std::string_view frame, WireHello& hello);
[[nodiscard]] std::optional<WireFault> read_offers(std::string_view json,
                                                   std::vector<WireOffer>& offers);
// The status that stands for the code in a refusal.
[[nodiscard]] busbar_status read_refusal(std::string_view json);

// Whether two tokens are equal, in a time that does not tell where they differ.
[[nodiscard]] bool is_same_token(std::string_view expected, std::string_view given) noexcept;

}  // namespace busbar::rpc::detail

#endif
