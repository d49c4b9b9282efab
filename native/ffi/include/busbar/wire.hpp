// busbar/wire.hpp: calls over anything that carries bytes in order, without a bus; a part of
// busbar_rpc.hpp. Clients and servers are those of the bus, made with a session over a wire:
//
//   auto session = busbar::rpc::connect_wire(busbar::rpc::WireAddress::tcp(4711));
//   thermostat::ThermostatClient thermostat(*session);
//
// The other side may be `busbar/wire` of Node, or `busbar.wire` of Python.
#ifndef BUSBAR_RPC_WIRE_HPP
#define BUSBAR_RPC_WIRE_HPP

#include <chrono>
#include <cstdint>
#include <string>

#include "busbar/session.hpp"

namespace busbar {
namespace rpc {

// What a wire runs over.
class WireAddress {
 public:
  // A port of TCP, of this machine only unless a host is named. Port 0 lets the system choose one
  // to listen at.
  [[nodiscard]] static WireAddress tcp(std::uint16_t port, std::string host = "127.0.0.1");
  // A Unix socket, which its user only can connect to. The file that a killed process left is
  // replaced.
  [[nodiscard]] static WireAddress unix_socket(std::string path);
  // Open descriptors to read from and to write to, which may be the same. The session closes them.
  [[nodiscard]] static WireAddress descriptors(int from, int to);
  // The process that started this one: the pipes of Node's `spawnWire`, else standard input and
  // output. In the latter case, whatever else this program prints goes to its standard error.
  [[nodiscard]] static WireAddress parent();

  enum class Kind { tcp, unix_socket, descriptors };
  Kind kind = Kind::tcp;
  std::string place;
  std::uint16_t port = 0;
  int from = -1;
  int to = -1;
};

struct WireOptions {
  // What the side that connects has to know. Bytes are not encrypted.
  std::string token;
  // What the other side may use up: bytes of a frame; calls, streams and bytes of calls under way;
  // the time of the handshake. Beyond, calls are BUSY, and anything else ends the wire.
  std::uint32_t frame_bytes = 16U << 20U;
  std::size_t calls = 1024;
  std::size_t streams = 256;
  std::size_t bytes = std::size_t{64} << 20U;
  std::chrono::milliseconds handshake{10'000};
  // Bytes that wait here while the other side takes none; beyond, calls wait for room.
  std::size_t queue_bytes = 1U << 20U;
  // After so long without a word the other side is asked whether it is there, and after as long
  // again the wire ends. 0 for never.
  std::chrono::milliseconds keep_alive{0};
  // Wires that a listener has at once; more are closed.
  std::size_t max_wires = 1024;
};

// Connects, and speaks first. The session ends with its wire: calls that were sent end with
// PEER_GONE, later ones with CLOSED. BUSBAR_SYSTEM: nobody listens there; BUSBAR_TOKEN_MISMATCH,
// BUSBAR_VERSION_MISMATCH; BUSBAR_TIMEOUT: no handshake in time; BUSBAR_PROTOCOL_VIOLATION: the
// other side speaks no wire; BUSBAR_PEER_GONE: it ended before. BUSBAR_UNSUPPORTED on Windows.
[[nodiscard]] busbar::Result<Session> connect_wire(const WireAddress& address,
                                                   const WireOptions& options = {});
// Waits for others: listens, and goes on when wires end; or, over descriptors, waits for the one
// side that is there, and ends with it. What is served by the session can be called by all of them,
// and nothing else. A client of the session calls whoever has connected: `Options::within`, or
// `Options::peer`, says whom. BUSBAR_SYSTEM, BUSBAR_UNSUPPORTED.
[[nodiscard]] busbar::Result<Session> listen_wire(const WireAddress& address,
                                                  const WireOptions& options = {});
// The port that a session of listen_wire() listens at; 0 for none.
[[nodiscard]] std::uint16_t wire_port(const Session& session);

}  // namespace rpc
}  // namespace busbar

#endif
