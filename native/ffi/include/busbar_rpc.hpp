// busbar_rpc.hpp: calls, streams, properties and signals of Busbar for C++17, in the library
// busbar::rpc. `busbar generate x.busbar.yaml --cpp` writes the structs, the client and the server
// class of an interface, which are made of the members here:
//
//   auto session = busbar::rpc::Session::join("com.solar");
//   thermostat::ThermostatClient thermostat(*session);
//   auto changed = thermostat.set_target({21.0}).get();                        // waits
//   thermostat.set_target({21.0}).then([](busbar::rpc::Result<bool> r) { … });  // calls back
//   std::future<busbar::rpc::Result<bool>> later = thermostat.set_target({21.0}).future();
//
// Threads: a session has a thread of its own, on which callbacks and methods run, one at a time;
// they must not wait for calls of the same session. All objects may be used by any thread. Nothing
// here throws; what a method throws becomes an error of its call.
#ifndef BUSBAR_RPC_HPP
#define BUSBAR_RPC_HPP

#include "busbar/about.hpp"
#include "busbar/client.hpp"
#include "busbar/server.hpp"
#include "busbar/wire.hpp"

#endif
