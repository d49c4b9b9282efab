// A heating, and a display that uses it: PROGRAM (serve|use) BUS. Each part works with the parts in
// other languages, and with the interface by hand or generated, which is included before this.
#include <cstdio>
#include <string_view>

namespace rpc = busbar::rpc;

inline rpc::Time new_year() { return rpc::Time(std::chrono::seconds(1'767'225'600)); }

inline int serve_room(rpc::Session session) {
  heating::HeatingServer room;
  (void)room.target.set(20);
  room.set_target = [&room](const heating::SetTarget& args) -> rpc::Result<bool> {
    if (args.celsius < 5 || args.celsius > 30) return rpc::fail(heating::OutOfRange{5, 30});
    (void)room.target.set(args.celsius);
    if (args.celsius > 28) (void)room.overheated.emit({args.celsius});
    return args.mode.known() != heating::Mode::eco;
  };
  room.history = [](const heating::History& args, const rpc::Sink<heating::Sample>& sink) {
    sink.pull([count = args.count, minute = 0U]() mutable -> rpc::Next<heating::Sample> {
      if (minute == count) return {std::nullopt, true};
      const heating::Sample sample{new_year() + std::chrono::minutes(minute), 20 + 0.5 * minute};
      ++minute;
      return {sample, false};
    });
  };
  room.calibrate = [](const rpc::Received<heating::Sample>& input,
                      const rpc::Reply<double>& reply) {
    auto deviations = std::make_shared<std::vector<double>>();
    input.each(
        [deviations](const heating::Sample& sample) { deviations->push_back(sample.celsius - 20); },
        [deviations, reply](const std::optional<rpc::Error>&) {
          double sum = 0;
          for (const double each : *deviations) sum += each;
          reply(sum / static_cast<double>(deviations->size()));
        });
  };
  rpc::ServeOptions options;
  options.label = {"kitchen"};
  if (!session.serve(room, options)) return 1;
  std::puts("ready");
  std::fflush(stdout);
  // Until somebody ends the program.
  std::promise<void>().get_future().wait();
  return 0;
}

inline int use_room(const rpc::Session& session) {
  heating::HeatingClient room(session);
  std::printf("on: %s\n", *room.set_target({21}).get() ? "true" : "false");
  std::printf("eco: %s\n", *room.set_target({19, heating::Mode::eco}).get() ? "true" : "false");
  const auto refused = room.set_target({31}).get();
  const auto* limits = refused ? nullptr : refused.error().as<heating::OutOfRange>();
  if (limits == nullptr) return 1;
  std::printf("refused: %g to %g\n", limits->min, limits->max);
  for (const heating::Sample& sample : room.history({2})) {
    const auto minute = std::chrono::duration_cast<std::chrono::minutes>(sample.at - new_year());
    std::printf("%02d:%02d %.1f\n", static_cast<int>(minute.count() / 60),
                static_cast<int>(minute.count() % 60), sample.celsius);
  }
  auto [measured, deviation] = room.calibrate();
  for (const double celsius : {20.5, 21.0}) measured.write({new_year(), celsius});
  measured.finish();
  std::printf("deviation: %g\n", *deviation.get());
  std::printf("target: %g\n", room.target.get().get()->value);
  std::promise<double> heard;
  const rpc::Subscription listening = room.overheated.on(
      [&heard](const heating::Overheated& data, std::uint64_t) { heard.set_value(data.celsius); });
  listening.wait();
  if (!room.set_target({29}).get()) return 1;
  std::printf("overheated: %g\n", heard.get_future().get());
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  auto session = rpc::Session::join(argv[2]);
  if (!session) return 1;
  return std::string_view(argv[1]) == "serve" ? serve_room(*session) : use_room(*session);
}
