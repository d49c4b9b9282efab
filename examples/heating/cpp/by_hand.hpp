// The interface of heating.busbar.yaml, written by hand. heating.hpp beside it was generated.
#pragma once

#include <busbar_rpc.hpp>

namespace heating {

namespace rpc = busbar::rpc;

enum class Mode { comfort, eco, frost_guard };

inline constexpr std::array<std::string_view, 3> texts_of(Mode) {
  return {"comfort", "eco", "frost-guard"};
}

// A measurement.
struct Sample {
  rpc::Time at;
  double celsius = 0;
  static constexpr auto fields() {
    return rpc::fields("at", &Sample::at, "celsius", &Sample::celsius);
  }
};

struct SetTarget {
  double celsius = 0;
  rpc::Enum<Mode> mode = Mode::comfort;
  static constexpr auto fields() {
    return rpc::fields("celsius", &SetTarget::celsius, "mode?", &SetTarget::mode);
  }
};

struct OutOfRange {
  static constexpr std::string_view error_code = "OutOfRange";
  double min = 0;
  double max = 0;
  static constexpr auto fields() {
    return rpc::fields("min", &OutOfRange::min, "max", &OutOfRange::max);
  }
};

struct History {
  std::uint32_t count = 0;
  static constexpr auto fields() { return rpc::fields("count", &History::count); }
};

struct Overheated {
  double celsius = 0;
  static constexpr auto fields() { return rpc::fields("celsius", &Overheated::celsius); }
};

struct HeatingClient : rpc::Client {
  explicit HeatingClient(rpc::Session session)
      : Client(std::move(session), "com.example.heating", 1) {}

  rpc::Method<SetTarget, bool, OutOfRange> set_target{this, "setTarget", rpc::idempotent};
  rpc::StreamMethod<History, Sample> history{this, "history"};
  rpc::InputMethod<rpc::Nothing, Sample, double> calibrate{this, "calibrate"};
  rpc::Property<double> target{this, "target"};
  rpc::Signal<Overheated> overheated{this, "overheated"};
};

// Without a model of its interface: it has no answer for those who ask what it serves.
struct HeatingServer : rpc::Server {
  HeatingServer() : Server("com.example.heating", 1) {}

  rpc::ServedMethod<SetTarget, bool, OutOfRange> set_target{this, "setTarget"};
  rpc::ServedStream<History, Sample> history{this, "history"};
  rpc::ServedInput<rpc::Nothing, Sample, double> calibrate{this, "calibrate"};
  rpc::ServedProperty<double> target{this, "target", rpc::writable};
  rpc::ServedSignal<Overheated> overheated{this, "overheated"};
};

}  // namespace heating
