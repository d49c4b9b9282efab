// One wire: its descriptors, what arrived and is no whole frame yet, what waits to be written, and
// what the other side has under way here.
#ifndef BUSBAR_RPC_WIRE_LINE_H
#define BUSBAR_RPC_WIRE_LINE_H

#include <deque>
#include <unordered_map>

#include "busbar/wire.hpp"
#include "rpc/wire_frames.h"

namespace busbar::rpc::detail {

// The calls of one peer: beyond the limits one is refused before anything of it runs.
class Inbound {
 public:
  explicit Inbound(const WireOptions& options) noexcept : options_(options) {}
  [[nodiscard]] std::size_t count() const noexcept { return calls_.size(); }
  [[nodiscard]] bool has(std::uint64_t id) const { return calls_.count(id) != 0; }
  // Counts a call; false: it is one too many.
  [[nodiscard]] bool admit(const busbar_message_info& info);
  // Sees an answer that is sent to the peer.
  void answered(std::uint64_t id, std::uint16_t format);
  // Sees a frame of the peer about a call of its own.
  void told(std::uint64_t id, std::uint16_t format);

 private:
  struct Open {
    std::size_t bytes;
    bool streams;
  };
  void remove(std::uint64_t id);

  const WireOptions& options_;
  std::unordered_map<std::uint64_t, Open> calls_;
  std::size_t bytes_ = 0;
  std::size_t streams_ = 0;
};

// All of it is guarded by the lock of its port; it is read and written on the session's thread.
class WireLine {
 public:
  // The descriptors are its own, and do not block.
  WireLine(std::uint64_t its_peer, int from, int to, const WireOptions& options)
      : peer(its_peer), inbound(options), from_(from), to_(to), begun_(Clock::now()) {}
  WireLine(const WireLine&) = delete;
  WireLine& operator=(const WireLine&) = delete;
  ~WireLine();

  const std::uint64_t peer;
  Inbound inbound;
  // What the other side has said about itself.
  std::optional<WireHello> hello;
  std::vector<WireOffer> offers;
  // It has passed calls on, or does.
  bool relays = false;
  bool said = false;
  // Somebody waits for room.
  bool wants_room = false;
  bool pinged = false;
  Clock::time_point heard = Clock::now();
  // By type: the newest message that waits until the one before was taken.
  std::map<std::array<std::uint8_t, 16>, std::optional<std::string>> newest;

  [[nodiscard]] int from() const noexcept { return from_; }
  [[nodiscard]] int to() const noexcept { return to_; }
  [[nodiscard]] Clock::time_point begun() const noexcept { return begun_; }
  // Reads what is there; false: nothing more will come.
  [[nodiscard]] bool read();
  // The next whole frame. False: there is none yet, or `fault` says why there will be none.
  [[nodiscard]] bool next_frame(std::uint32_t max_bytes, std::vector<std::byte>& frame,
                                std::optional<WireFault>& fault);
  // What is to be written; append frames to it. `call` is the number of one that is a call.
  [[nodiscard]] std::string& out() noexcept { return out_; }
  void appended_call(std::uint64_t call) { calls_.emplace_back(written_ + out_.size(), call); }
  [[nodiscard]] std::size_t waiting() const noexcept { return out_.size(); }
  // Writes what can be written; false: the other side is gone.
  [[nodiscard]] bool write();
  // The calls that were not written whole, so that the other side has none of them.
  [[nodiscard]] std::vector<std::uint64_t> unsent() const;

 private:
  const int from_;
  const int to_;
  const Clock::time_point begun_;
  std::vector<std::byte> in_;
  std::size_t in_from_ = 0;
  std::string out_;
  std::uint64_t written_ = 0;
  // Calls that are not written whole: their ends in all that is written, and their numbers.
  std::deque<std::pair<std::uint64_t, std::uint64_t>> calls_;
};

}  // namespace busbar::rpc::detail

#endif
