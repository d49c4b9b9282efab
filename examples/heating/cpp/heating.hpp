// Keeps one room warm.
#pragma once

#include <busbar_rpc.hpp>

namespace heating {

namespace rpc = busbar::rpc;
using rpc::operator==;
using rpc::operator!=;

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

struct OutOfRange {
  static constexpr std::string_view error_code = "OutOfRange";
  double min = 0;
  double max = 0;
  static constexpr auto fields() {
    return rpc::fields("min", &OutOfRange::min, "max", &OutOfRange::max);
  }
};

struct SetTarget {
  double celsius = 0;
  rpc::Enum<Mode> mode = Mode::comfort;
  static constexpr auto fields() {
    return rpc::fields("celsius", &SetTarget::celsius, "mode?", &SetTarget::mode);
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

class HeatingClient : public rpc::Client {
 public:
  explicit HeatingClient(rpc::Session session)
      : Client(std::move(session), "com.example.heating", 1) {}

  // Sets the temperature to reach. Returns whether the heating is on now.
  rpc::Method<SetTarget, bool, OutOfRange> set_target{this, "setTarget", rpc::idempotent};
  // The last measurements, oldest first.
  rpc::StreamMethod<History, Sample> history{this, "history"};
  // Compares with another thermometer. Returns the mean deviation.
  rpc::InputMethod<rpc::Nothing, Sample, double> calibrate{this, "calibrate"};
  // The temperature to reach.
  rpc::Property<double> target{this, "target"};
  rpc::Signal<Overheated> overheated{this, "overheated"};
};

class HeatingServer : public rpc::Server {
 public:
  HeatingServer() : Server("com.example.heating", 1, kModel) {}

  rpc::ServedMethod<SetTarget, bool, OutOfRange> set_target{this, "setTarget"};
  rpc::ServedStream<History, Sample> history{this, "history"};
  rpc::ServedInput<rpc::Nothing, Sample, double> calibrate{this, "calibrate"};
  rpc::ServedProperty<double> target{this, "target", rpc::writable};
  rpc::ServedSignal<Overheated> overheated{this, "overheated"};

 private:
  // The interface, for those who ask the server what it serves.
  // clang-format off
  static constexpr const char* kModel[] = {
R"json({"interface":"com.example.heating","version":"1.0","doc":"Keeps one room warm.","types":{
"Mode":{"enum":["comfort","eco","frost-guard"]},"Sample":{"doc":"A measurement.","struct":{
"at":"time","celsius":"f64"}}},"methods":{"setTarget":{
"doc":"Sets the temperature to reach. Returns whether the heating is on now.","args":{
"celsius":"f64","mode":{"type":"Mode","default":"comfort"}},"returns":"bool","errors":{
"OutOfRange":{"min":"f64","max":"f64"}},"idempotent":true},"history":{
"doc":"The last measurements, oldest first.","args":{"count":"u32"},"stream":"Sample"},"calibrate":{
"doc":"Compares with another thermometer. Returns the mean deviation.","returns":"f64",
"input":"Sample"}},"properties":{"target":{"doc":"The temperature to reach.","type":"f64",
"access":"read-write"}},"signals":{"overheated":{"celsius":"f64"}}})json"};
  // clang-format on
};

}  // namespace heating
