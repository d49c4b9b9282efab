// Tests the codec of busbar_rpc.hpp on its own: values in both codecs, and bytes that no peer
// should send.
#include <busbar_rpc.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>

namespace sample {

using busbar::rpc::operator==;
using busbar::rpc::operator!=;

enum class Mode { off, heat };
inline constexpr std::array<std::string_view, 2> texts_of(Mode /*unused*/) {
  return {"off", "heat"};
}

struct Node {
  std::string name;
  std::vector<Node> children;
  busbar::rpc::Boxed<Node> next;

  static constexpr auto fields() {
    return busbar::rpc::fields("name", &Node::name, "children", &Node::children, "next",
                               &Node::next);
  }
};

struct Everything {
  bool flag = false;
  std::int8_t i8 = 0;
  std::uint16_t u16 = 0;
  std::int32_t i32 = 0;
  std::int64_t i64 = 0;
  std::uint64_t u64 = 0;
  busbar::rpc::U53 u53;
  float f32 = 0;
  double f64 = 0;
  std::string text;
  busbar::rpc::ByteArray bytes;
  busbar::rpc::Time time;
  busbar::rpc::Duration duration{};
  std::optional<std::uint32_t> maybe;
  std::uint32_t defaulted = 7;
  std::vector<bool> flags;
  std::map<std::string, double> map;
  busbar::rpc::Enum<Mode> mode;
  busbar::rpc::Value any;
  Node node;

  static constexpr auto fields() {
    return busbar::rpc::fields(
        "flag", &Everything::flag, "i8", &Everything::i8, "u16", &Everything::u16, "i32",
        &Everything::i32, "i64", &Everything::i64, "u64", &Everything::u64, "u53", &Everything::u53,
        "f32", &Everything::f32, "f64", &Everything::f64, "text", &Everything::text, "bytes",
        &Everything::bytes, "time", &Everything::time, "duration", &Everything::duration, "maybe",
        &Everything::maybe, "defaulted?", &Everything::defaulted, "flags", &Everything::flags,
        "map", &Everything::map, "mode", &Everything::mode, "any", &Everything::any, "node",
        &Everything::node);
  }
};

}  // namespace sample

namespace {

using busbar::rpc::Codec;
using busbar::rpc::Reader;
using busbar::rpc::Value;
using busbar::rpc::Writer;
using sample::Everything;

int failures = 0;

void check(bool good, const char* what, int line) {
  if (good) return;
  std::fprintf(stderr, "codec.cpp:%d: not so: %s\n", line, what);
  ++failures;
}
#define CHECK(condition) check((condition), #condition, __LINE__)

template <typename T>
std::string written(const T& value, Codec codec) {
  Writer out(codec);
  busbar::rpc::detail::Coder<T>::write(out, value);
  if (!out.ok()) std::fprintf(stderr, "refused: %s\n", out.problem().c_str());
  return out.ok() ? out.out : std::string();
}

template <typename T>
std::string problem(std::string_view payload, Codec codec, T& value) {
  Reader in(payload, codec, nullptr);
  if (busbar::rpc::detail::Coder<T>::read(in, value)) (void)in.end();
  return in.problem();
}

template <typename T>
bool survives(const T& value) {
  for (const Codec codec : {Codec::messagepack, Codec::json}) {
    T back{};
    const std::string bytes = written(value, codec);
    const std::string wrong = problem(bytes, codec, back);
    if (bytes.empty() || !wrong.empty() || !(back == value)) {
      std::fprintf(stderr, "%s: %s\n", wrong.c_str(), bytes.c_str());
      return false;
    }
  }
  return true;
}

Everything full() {
  Everything all;
  all.flag = true;
  all.i8 = -128;
  all.u16 = 65'535;
  all.i32 = std::numeric_limits<std::int32_t>::min();
  all.i64 = std::numeric_limits<std::int64_t>::min();
  all.u64 = std::numeric_limits<std::uint64_t>::max();
  all.u53 = (std::uint64_t{1} << 53U) - 1;
  all.f32 = 0.1F;
  all.f64 = -1.7976931348623157e308;
  all.text = "größe \"\\ 月 \x01 𝄞";
  all.bytes = {std::byte{0}, std::byte{255}, std::byte{7}, std::byte{8}};
  all.time = busbar::rpc::Time(std::chrono::microseconds(-62'167'219'200'000'000));
  all.duration = std::chrono::nanoseconds(-1'500'000'000);
  all.maybe = 3;
  all.flags = {true, false};
  all.map = {{"a", 1.5}, {"", -0.25}};
  all.mode = sample::Mode::heat;
  all.any = Value(Value::Map{{"list", Value::List{1, "x", nullptr, true}}});
  all.node.name = "root";
  all.node.children.resize(2);
  all.node.next = sample::Node{"next", {}, {}};
  return all;
}

void values() {
  CHECK(survives(Everything{}));
  CHECK(survives(full()));
  for (const std::int64_t n :
       {0LL, 1LL, -1LL, 127LL, 128LL, -32LL, -33LL, -128LL, -129LL, 32'767LL, -32'768LL, -32'769LL,
        65'536LL, 4'294'967'296LL, -2'147'483'649LL, std::numeric_limits<long long>::max()}) {
    CHECK(survives(n));
    CHECK(survives(busbar::rpc::Duration(n)));
  }
  for (const double n : {0.0, 0.1, 1e300, -5e-324, 1.0 / 3, 123456789.125}) CHECK(survives(n));
  double back = 0;
  CHECK(written(-0.0, Codec::json) == "\"-0\"");
  CHECK(problem("\"-0\"", Codec::json, back).empty() && std::signbit(back));
  CHECK(problem(written(std::nan(""), Codec::json), Codec::json, back).empty() && back != back);
  for (const std::size_t size : {0U, 31U, 32U, 255U, 256U, 65'535U, 65'536U}) {
    CHECK(survives(std::string(size, 'x')));
    CHECK(survives(busbar::rpc::ByteArray(size, std::byte{5})));
    CHECK(survives(std::vector<std::uint32_t>(size, 9)));
  }
  std::mt19937_64 random(7);
  for (int count = 0; count < 2000; ++count) {
    constexpr std::int64_t range = 253'402'300'799'999'999 + 62'167'219'200'000'000;
    const auto micros = static_cast<std::int64_t>(random() % range) - 62'167'219'200'000'000;
    CHECK(survives(busbar::rpc::Time(std::chrono::microseconds(micros))));
  }
  CHECK(written(busbar::rpc::Time(std::chrono::milliseconds(951'827'696'789)), Codec::json) ==
        "\"2000-02-29T12:34:56.789Z\"");
}

void tolerance() {
  // Unknown keys are ignored, a null is missing, and a missing value has its default.
  sample::Node node;
  CHECK(problem(R"({"x":[{"y":[1,"a"]}],"name":"n","children":[],"next":null})", Codec::json, node)
            .empty());
  CHECK(node.name == "n" && !node.next);
  CHECK(problem("{\"name\":\"n\"}", Codec::json, node) == "children is missing");
  busbar::rpc::Enum<sample::Mode> mode;
  CHECK(problem("\"cool\"", Codec::json, mode).empty());
  CHECK(!mode.known() && mode.text() == "cool");
  Writer out(Codec::json);
  busbar::rpc::detail::Coder<busbar::rpc::Enum<sample::Mode>>::write(out, mode);
  CHECK(!out.ok());
  // JavaScript writes integers as numbers, and small ones of 64 bits, too.
  std::uint32_t u32 = 0;
  CHECK(problem(std::string("\xCB\x41\x00\x00\x00\x00\x00\x00\x00", 9), Codec::messagepack, u32)
            .empty());
  CHECK(u32 == 131'072);
  std::uint64_t u64 = 0;
  CHECK(problem("12", Codec::json, u64).empty() && u64 == 12);
  CHECK(problem("{\"children\":[{\"name\":5}]}", Codec::json, node).find("children.0.name is") ==
        0);
}

void refusals() {
  std::uint8_t u8 = 0;
  CHECK(problem("256", Codec::json, u8) == "is 256; the range is 0 to 255");
  CHECK(problem("-1", Codec::json, u8) == "is -1; the range is 0 to 255");
  CHECK(!problem("1.5", Codec::json, u8).empty());
  CHECK(!problem("1 2", Codec::json, u8).empty());
  std::int64_t i64 = 0;
  CHECK(!problem("\"9223372036854775808\"", Codec::json, i64).empty());
  CHECK(problem("\"-9223372036854775808\"", Codec::json, i64).empty());
  std::string text;
  for (const char* wrong :
       {"\"", "\"\\x\"", "\"\\ud800\"", "\"a\nb\"", "'a'", "\"\xC0\x80\"", ""}) {
    CHECK(!problem(wrong, Codec::json, text).empty());
  }
  std::vector<double> list;
  for (const char* wrong :
       {"[1,]", "[,1]", "[1 2]", "[", "[1", "[01]", "[1e]", "[+1]", "[1e999]"}) {
    CHECK(!problem(wrong, Codec::json, list).empty());
  }
  // Counts beyond the payload, and endless nesting.
  CHECK(!problem("\xDD\xFF\xFF\xFF\xFF", Codec::messagepack, list).empty());
  CHECK(!problem("\xDB\xFF\xFF\xFF\xFF", Codec::messagepack, text).empty());
  Value any;
  CHECK(!problem(std::string(100'000, '\x91'), Codec::messagepack, any).empty());
  CHECK(!problem(std::string(100'000, '['), Codec::json, any).empty());
  CHECK(!problem("{\"a\":" + std::string(100'000, '['), Codec::json, u8).empty());
  Writer out(Codec::json);
  busbar::rpc::detail::Coder<std::string>::write(out, "\xFF");
  CHECK(out.problem() == "is no UTF-8");
}

// Bytes that were changed, and any bytes at all, are read or refused.
void rubbish() {
  std::mt19937 random(42);
  for (const Codec codec : {Codec::messagepack, Codec::json}) {
    const std::string good = written(full(), codec);
    for (int count = 0; count < 20'000; ++count) {
      std::string bytes = good.substr(0, random() % (good.size() + 1));
      for (unsigned times = random() % 4; times > 0 && !bytes.empty(); --times) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      Everything all;
      (void)problem(bytes, codec, all);
      Value any;
      (void)problem(bytes, codec, any);
      (void)busbar_rpc_value_bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                   bytes.size());
    }
  }
}

}  // namespace

int main() {
  values();
  tolerance();
  refusals();
  rubbish();
  return failures == 0 ? 0 : 1;
}
