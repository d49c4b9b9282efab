// A thermostat for programs that are not on its bus: over_a_wire [name of the socket].
// `thermostat.hpp` is generated, as for thermostat.cpp.
#include <busbar/wire.hpp>
#include <cstdio>

#include "thermostat.hpp"

namespace rpc = busbar::rpc;

int main(int argc, char** argv) {
  // `WireAddress::tcp(4711)` for other machines.
  const std::string name = argc > 1 ? argv[1] : "com.example.cpp.wire";
  const auto address = rpc::WireAddress::unix_socket("/tmp/" + name + ".sock");
  rpc::WireOptions options;
  options.token = "swordfish";

  auto house = rpc::listen_wire(address, options);
  if (!house) return 1;
  thermostat::ThermostatServer kitchen;
  kitchen.set_target = [](const thermostat::SetTarget& args) { return args.celsius > 20; };
  if (!house->serve(kitchen)) return 1;

  auto outside = rpc::connect_wire(address, options);
  if (!outside) return 1;
  thermostat::ThermostatClient thermostat(*outside);
  const auto heats = thermostat.set_target({21}).get();
  std::printf("the heating runs: %s\n", heats && *heats ? "true" : "false");

  options.token = "cod";
  std::printf("another token: %s\n", rpc::connect_wire(address, options).status().message());
  return 0;
}
