// Two thermostats, and what one can ask of several servers or of any: asking [bus].
// `thermostat.hpp` is generated, as for thermostat.cpp.
#include <cstdio>

#include "thermostat.hpp"

namespace rpc = busbar::rpc;

int main(int argc, char** argv) {
  const char* bus = argc > 1 ? argv[1] : "com.example.cpp.asking";
  auto kitchen = rpc::Session::join(bus);
  auto bath = rpc::Session::join(bus);
  auto phone = rpc::Session::join(bus);
  if (!kitchen || !bath || !phone) return 1;
  thermostat::ThermostatServer rooms[2];
  for (auto& room : rooms) {
    room.set_target = [](const thermostat::SetTarget& args) { return args.celsius > 20; };
  }
  if (!kitchen->serve(rooms[0]) || !bath->serve(rooms[1])) return 1;
  thermostat::ThermostatClient thermostat(*phone);

  // One of them, and the other one, too, if that takes longer than usual.
  const auto first = thermostat.set_target.first({21}).get();
  std::printf("the first that answers: %s\n", first && *first ? "true" : "false");

  std::promise<std::vector<rpc::Answer<bool>>> all;
  thermostat.set_target.all(
      {22}, [&all](std::vector<rpc::Answer<bool>> answers) { all.set_value(std::move(answers)); });
  std::printf("all: %zu answers\n", all.get_future().get().size());

  if (rpc::ping(thermostat).get()) std::puts("there is one that answers");
  const auto description = rpc::describe(thermostat).get();
  if (!description || description->interfaces.empty()) return 1;
  const rpc::Value* methods = description->interfaces[0].find("methods");
  if (methods == nullptr || methods->get<rpc::Value::Map>() == nullptr) return 1;
  for (const auto& [name, method] : *methods->get<rpc::Value::Map>()) {
    const rpc::Value* doc = method.find("doc");
    std::printf("%s: %s\n", name.c_str(), doc != nullptr ? doc->get<std::string>()->c_str() : "");
  }
  const auto stats = rpc::stats(thermostat).get();
  if (!stats) return 1;
  for (const rpc::ServiceStats& service : stats->services) {
    std::printf("%s %s: ", service.interface_name.c_str(), service.version.c_str());
    std::printf("%s was called\n", service.members[0].name.c_str());
  }
  return 0;
}
