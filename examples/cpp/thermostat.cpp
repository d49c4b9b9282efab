// A thermostat and its user, in C++: thermostat [bus]. `thermostat.hpp` is generated from
// thermostat.busbar.yaml by `busbar generate thermostat.busbar.yaml --cpp --out .`
#include "thermostat.hpp"

#include <cstdio>

namespace {

namespace rpc = busbar::rpc;

void implement(thermostat::ThermostatServer& server) {
  (void)server.target.set(20);
  server.set_target = [&server](const thermostat::SetTarget& args) -> rpc::Result<bool> {
    if (args.celsius > 30) return rpc::fail(thermostat::OutOfRange{5, 30});
    (void)server.target.set(args.celsius);
    if (args.celsius > 28) (void)server.overheated.emit({args.celsius});
    return true;
  };
  server.history = [](const thermostat::History& args,
                      const rpc::Sink<thermostat::HistoryItem>& sink) {
    // Asked for an item whenever its reader has room for one.
    sink.pull([args, minute = 0U]() mutable -> rpc::Next<thermostat::HistoryItem> {
      if (minute == args.minutes) return {std::nullopt, true};
      const double celsius = 20 + 0.5 * minute;
      return {thermostat::HistoryItem{minute++, celsius}, false};
    });
  };
}

int use(const rpc::Session& session) {
  thermostat::ThermostatClient thermostat(session);
  std::promise<double> heard;
  const rpc::Subscription hot =
      thermostat.overheated.on([&heard](const thermostat::Overheated& data, std::uint64_t) {
        heard.set_value(data.celsius);
      });
  hot.wait();

  const auto accepted = thermostat.set_target({21}).get();
  std::printf("accepted: %s\n", accepted && *accepted ? "true" : "false");

  const auto refused = thermostat.set_target({99}).get();
  if (!refused) {
    const auto* limits = refused.error().as<thermostat::OutOfRange>();
    std::printf("at most %g\n", limits != nullptr ? limits->max : 0);
  }

  for (const auto& item : thermostat.history({3})) {
    std::printf("minute %u: %g °C\n", item.minute, item.celsius);
  }

  rpc::Options soon;
  soon.timeout = std::chrono::seconds(5);
  std::future<rpc::Result<bool>> later = thermostat.set_target({29}, soon).future();
  std::printf("later: %s\n", later.get() ? "done" : "failed");
  std::printf("overheated: %g\n", heard.get_future().get());
  const auto target = thermostat.target.get().get();
  std::printf("target: %g\n", target ? target->value : 0);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const char* bus = argc > 1 ? argv[1] : "com.example.cpp";
  auto home = rpc::Session::join(bus);
  auto phone = rpc::Session::join(bus);
  if (!home || !phone) return 1;
  thermostat::ThermostatServer server;
  implement(server);
  if (!home->serve(server)) return 1;
  return use(*phone);
}
