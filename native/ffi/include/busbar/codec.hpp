// busbar/codec.hpp: values of C++17 as MessagePack and JSON, as the calls of Busbar have them; a
// part of busbar_rpc.hpp, in the library busbar::rpc. Generated structs are plain: a static
// function `fields()` says which of their members have which names on the wire.
#ifndef BUSBAR_RPC_CODEC_HPP
#define BUSBAR_RPC_CODEC_HPP

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "busbar.hpp"

namespace busbar {
namespace rpc {

// How a payload is encoded.
enum class Codec : std::uint8_t { messagepack = 0, json = 1 };

// A moment, in microseconds: the years 0 to 9999. Finer ones are cut.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
using Duration = std::chrono::nanoseconds;
using ByteArray = std::vector<std::byte>;

// An integer up to 2^53 - 1, which is a number in JSON and JavaScript.
struct U53 {
  std::uint64_t value = 0;
  U53() noexcept = default;
  constexpr U53(std::uint64_t given) noexcept : value(given) {}
  constexpr operator std::uint64_t() const noexcept { return value; }
};

// Shared memory that is sent with a call. Copies are the same region, which this process releases
// with the last of them.
class Region {
 public:
  Region() noexcept = default;
  explicit Region(busbar::Region taken)
      : region_(std::make_shared<busbar::Region>(std::move(taken))) {}
  [[nodiscard]] static busbar::Result<Region> create(std::uint64_t bytes, std::uint32_t flags = 0);
  explicit operator bool() const noexcept { return region_ != nullptr; }
  // The memory; empty without a region.
  [[nodiscard]] Span<std::byte> bytes() const noexcept;
  // The same number in every process that holds it; 0 without a region.
  [[nodiscard]] std::uint64_t id() const noexcept { return region_ ? region_->id() : 0; }
  [[nodiscard]] std::uint64_t references() const noexcept {
    return region_ ? region_->references() : 0;
  }
  [[nodiscard]] busbar_region* get() const noexcept { return region_ ? region_->get() : nullptr; }
  friend bool operator==(const Region& a, const Region& b) noexcept { return a.id() == b.id(); }
  friend bool operator!=(const Region& a, const Region& b) noexcept { return !(a == b); }

 private:
  std::shared_ptr<busbar::Region> region_;
};

// A kernel object that is sent with a call: a descriptor, on Windows a HANDLE. Copies are the same
// object, which is closed with the last of them.
class Object {
 public:
  Object() noexcept = default;
  // Takes the object over. `kind` is one of BUSBAR_OBJECT_.
  explicit Object(busbar_object taken, std::int32_t kind = BUSBAR_OBJECT_DESCRIPTOR);
  explicit operator bool() const noexcept { return held_ != nullptr; }
  // Stays this object's; -1 without one.
  [[nodiscard]] busbar_object get() const noexcept;
  [[nodiscard]] std::int32_t kind() const noexcept;
  friend bool operator==(const Object& a, const Object& b) noexcept { return a.held_ == b.held_; }
  friend bool operator!=(const Object& a, const Object& b) noexcept { return !(a == b); }

 private:
  struct Held;
  std::shared_ptr<Held> held_;
};

// Any value that JSON has.
class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::map<std::string, Value>;

  Value() noexcept = default;
  Value(std::nullptr_t) noexcept {}
  Value(bool given) noexcept : data_(given) {}
  Value(double given) noexcept : data_(given) {}
  template <typename N, typename = std::enable_if_t<std::is_integral_v<N>>>
  Value(N given) noexcept : data_(static_cast<double>(given)) {}
  Value(std::string given) noexcept : data_(std::move(given)) {}
  Value(const char* given) : data_(std::string(given)) {}
  Value(List given) noexcept : data_(std::move(given)) {}
  Value(Map given) noexcept : data_(std::move(given)) {}

  [[nodiscard]] bool is_null() const noexcept { return data_.index() == 0; }
  // Null if the value is something else: bool, double, std::string, List or Map.
  template <typename T>
  [[nodiscard]] const T* get() const noexcept {
    return std::get_if<T>(&data_);
  }
  template <typename T>
  [[nodiscard]] T* get() noexcept {
    return std::get_if<T>(&data_);
  }
  // The member of a map; null if there is none.
  [[nodiscard]] const Value* find(const std::string& key) const noexcept;
  friend bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }
  friend bool operator!=(const Value& a, const Value& b) { return !(a == b); }

 private:
  std::variant<std::monostate, bool, double, std::string, List, Map> data_;
};

// One of the texts of an enum of an interface. A text that this version of the interface does not
// know is kept when it is received, and refused when it is sent. `E` is a generated enum, whose
// function texts_of() has the texts in the order of its enumerators.
template <typename E>
class Enum {
 public:
  Enum() noexcept = default;
  Enum(E known) noexcept : index_(static_cast<std::size_t>(known)) {}
  explicit Enum(std::string_view text) {
    const auto& texts = texts_of(E{});
    while (index_ < texts.size() && texts[index_] != text) ++index_;
    if (index_ == texts.size()) other_ = text;
  }
  // Empty for a text that is not known here.
  [[nodiscard]] std::optional<E> known() const noexcept {
    if (index_ >= texts_of(E{}).size()) return std::nullopt;
    return static_cast<E>(index_);
  }
  [[nodiscard]] std::string_view text() const noexcept {
    const auto& texts = texts_of(E{});
    return index_ < texts.size() ? texts[index_] : std::string_view(other_);
  }
  friend bool operator==(const Enum& a, const Enum& b) noexcept { return a.text() == b.text(); }
  friend bool operator!=(const Enum& a, const Enum& b) noexcept { return !(a == b); }

 private:
  std::size_t index_ = 0;
  std::string other_;
};

// An optional value of a struct that contains itself. A copy is deep.
template <typename T>
class Boxed {
 public:
  Boxed() noexcept = default;
  Boxed(T value) : held_(std::make_unique<T>(std::move(value))) {}
  Boxed(const Boxed& other) : held_(other ? std::make_unique<T>(*other) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(Boxed other) noexcept {
    held_ = std::move(other.held_);
    return *this;
  }
  ~Boxed() = default;
  explicit operator bool() const noexcept { return held_ != nullptr; }
  T& operator*() const noexcept { return *held_; }
  T* operator->() const noexcept { return held_.get(); }
  friend bool operator==(const Boxed& a, const Boxed& b) { return a && b ? *a == *b : !a && !b; }
  friend bool operator!=(const Boxed& a, const Boxed& b) { return !(a == b); }

 private:
  std::unique_ptr<T> held_;
};

// What goes beside a payload.
struct Attachments {
  std::vector<Region> regions;
  std::vector<Object> objects;
};

// Writes one value. After a refusal nothing more is written; problem() says what was wrong.
class Writer {
 public:
  explicit Writer(Codec codec) noexcept : json_(codec == Codec::json) {}
  [[nodiscard]] bool json() const noexcept { return json_; }
  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void integer(std::uint64_t value);
  // As text in JSON, which has no integers of 64 bits.
  void large(std::int64_t value);
  void large(std::uint64_t value);
  void number(double value);
  void text(std::string_view value);
  void bytes(const std::byte* data, std::size_t size);
  void time(Time value);
  void duration(Duration value);
  void region(const Region& region);
  void object(const Object& object);
  void begin_list(std::size_t count);
  void begin_map(std::size_t count);
  void key(std::string_view name);
  void end();
  // Bytes that were written by another writer of this codec, as one value.
  void raw(std::string_view value);
  void refuse(std::string problem);
  // `name` is a step of the path of the problem.
  void within(std::string_view name);
  [[nodiscard]] bool ok() const noexcept { return problem_.empty(); }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  // What was written, and what goes beside it.
  std::string out;
  Attachments attachments;

 private:
  void separate();
  void head(std::uint8_t short_form, std::uint8_t first, std::size_t limit, std::size_t count);
  void big_endian(std::uint64_t value, int bytes);

  bool json_;
  bool after_key_ = false;
  // For JSON: the closing bracket of each open list or map, in upper case while it is empty.
  std::string open_;
  std::string problem_;
};

// Reads one value, which a peer wrote: every length is checked, nesting is bounded. After a refusal
// all functions return false; problem() says what was wrong, with its path.
class Reader {
 public:
  // `attachments` (may be null) is emptied of what the value names.
  Reader(std::string_view payload, Codec codec, Attachments* attachments) noexcept
      : rest_(payload), json_(codec == Codec::json), attachments_(attachments) {}
  [[nodiscard]] bool json() const noexcept { return json_; }
  // Consumes a null, if there is one.
  bool null();
  bool boolean(bool& value);
  bool integer(std::int64_t& value, std::int64_t min, std::int64_t max);
  bool integer(std::uint64_t& value, std::uint64_t max);
  bool large(std::int64_t& value);
  bool large(std::uint64_t& value);
  bool number(double& value);
  bool text(std::string& value);
  bool bytes(ByteArray& value);
  bool time(Time& value);
  bool duration(Duration& value);
  bool region(Region& value);
  bool object(Object& value);
  bool any(Value& value);
  // A list: begin_list(), then element() before each, until it returns false.
  bool begin_list();
  bool element();
  bool begin_map();
  // The next key, until it returns false. Valid until the next call.
  bool key(std::string_view& name);
  bool skip();
  // The bytes of the next value, as they are.
  bool raw(std::string_view& value);
  // Whether all has been read.
  bool end();
  bool refuse(std::string problem);
  void within(std::string_view name);
  [[nodiscard]] bool ok() const noexcept { return problem_.empty(); }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct Level {
    std::uint64_t left = 0;
    bool first = true;
    char close = 0;
  };
  struct Number {
    enum Kind { none, negative, positive, real } kind = none;
    std::uint64_t magnitude = 0;
    double value = 0;
  };
  bool enter(std::uint64_t count, char close);
  bool byte(std::uint8_t& value);
  bool take(std::size_t count, std::string_view& bytes);
  bool big_endian(int bytes, std::uint64_t& value);
  bool length(std::uint8_t first, std::uint8_t short_form, std::uint8_t mask, std::uint8_t wide,
              int least, std::uint64_t& count, const char* expected);
  bool read_number(Number& number);
  bool json_number(Number& number);
  bool json_text(std::string& value);
  bool json_escape(std::string& value);
  bool json_word(std::string_view word);
  bool hexadecimal(std::uint32_t& unit);
  char peek_json();
  bool skip_one();
  bool skip_json();
  bool index(std::size_t limit, std::size_t& at, const char* what);

  std::string_view rest_;
  bool json_;
  Attachments* attachments_;
  std::vector<Level> levels_;
  std::string key_;
  std::string problem_;
};

// One field of a struct: its name on the wire, and its member.
template <typename S, typename M>
struct Field {
  std::string_view name;
  // Whether it keeps the value that it has in a new struct when it is missing on the wire.
  bool has_default;
  M S::*member;
};

// A field of a struct. A name that ends in `?` has a default.
template <typename S, typename M>
constexpr Field<S, M> field(std::string_view name, M S::*member) {
  const bool has_default = name.back() == '?';
  return {has_default ? name.substr(0, name.size() - 1) : name, has_default, member};
}

constexpr std::tuple<> fields() { return {}; }
// The fields of a struct, as names and members in turn.
template <typename S, typename M, typename... Rest>
constexpr auto fields(std::string_view name, M S::*member, Rest... rest) {
  return std::tuple_cat(std::tuple<Field<S, M>>(field(name, member)), fields(rest...));
}

// What a method without arguments takes, and one without a result returns.
struct Nothing {
  static constexpr auto fields() { return std::tuple<>(); }
};

namespace detail {

template <typename T, typename = void>
struct HasFields : std::false_type {};
template <typename T>
struct HasFields<T, std::void_t<decltype(T::fields())>> : std::true_type {};

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsOptional<Boxed<T>> : std::true_type {};

// Whether null is a value of the type, so that it cannot stand for a missing one.
template <typename T>
constexpr bool has_null = IsOptional<T>::value || std::is_same_v<T, Value>;

template <typename T, typename = void>
struct Coder;

template <>
struct Coder<bool> {
  static void write(Writer& out, bool value) { out.boolean(value); }
  static bool read(Reader& in, bool& value) { return in.boolean(value); }
};

template <typename T>
struct Coder<T, std::enable_if_t<std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) <= 4>> {
  static void write(Writer& out, T value) { out.integer(std::int64_t{value}); }
  static bool read(Reader& in, T& value) {
    std::int64_t found = 0;
    if (!in.integer(found, (std::numeric_limits<T>::min)(), (std::numeric_limits<T>::max)()))
      return false;
    value = static_cast<T>(found);
    return true;
  }
};

template <typename T>
struct Coder<T, std::enable_if_t<std::is_integral_v<T> && !std::is_signed_v<T> && sizeof(T) <= 4 &&
                                 !std::is_same_v<T, bool>>> {
  static void write(Writer& out, T value) { out.integer(std::uint64_t{value}); }
  static bool read(Reader& in, T& value) {
    std::uint64_t found = 0;
    if (!in.integer(found, (std::numeric_limits<T>::max)())) return false;
    value = static_cast<T>(found);
    return true;
  }
};

template <>
struct Coder<std::int64_t> {
  static void write(Writer& out, std::int64_t value) { out.large(value); }
  static bool read(Reader& in, std::int64_t& value) { return in.large(value); }
};
template <>
struct Coder<std::uint64_t> {
  static void write(Writer& out, std::uint64_t value) { out.large(value); }
  static bool read(Reader& in, std::uint64_t& value) { return in.large(value); }
};
template <>
struct Coder<U53> {
  static constexpr std::uint64_t max = (std::uint64_t{1} << 53U) - 1;
  static void write(Writer& out, U53 value) {
    if (value > max) return out.refuse("is larger than 9007199254740991");
    out.integer(value.value);
  }
  static bool read(Reader& in, U53& value) { return in.integer(value.value, max); }
};

template <>
struct Coder<double> {
  static void write(Writer& out, double value) { out.number(value); }
  static bool read(Reader& in, double& value) { return in.number(value); }
};
template <>
struct Coder<float> {
  static void write(Writer& out, float value) { out.number(double{value}); }
  static bool read(Reader& in, float& value) {
    double found = 0;
    if (!in.number(found)) return false;
    value = static_cast<float>(found);
    // Not of 32 bits, unless it was infinite before.
    if (value - value != 0 && found - found == 0) return in.refuse("is too large for 32 bits");
    return true;
  }
};

template <>
struct Coder<std::string> {
  static void write(Writer& out, const std::string& value) { out.text(value); }
  static bool read(Reader& in, std::string& value) { return in.text(value); }
};
template <>
struct Coder<ByteArray> {
  static void write(Writer& out, const ByteArray& value) { out.bytes(value.data(), value.size()); }
  static bool read(Reader& in, ByteArray& value) { return in.bytes(value); }
};
template <>
struct Coder<Time> {
  static void write(Writer& out, Time value) { out.time(value); }
  static bool read(Reader& in, Time& value) { return in.time(value); }
};
template <>
struct Coder<Duration> {
  static void write(Writer& out, Duration value) { out.duration(value); }
  static bool read(Reader& in, Duration& value) { return in.duration(value); }
};
template <>
struct Coder<Region> {
  static void write(Writer& out, const Region& value) { out.region(value); }
  static bool read(Reader& in, Region& value) { return in.region(value); }
};
template <>
struct Coder<Object> {
  static void write(Writer& out, const Object& value) { out.object(value); }
  static bool read(Reader& in, Object& value) { return in.object(value); }
};
template <>
struct Coder<Value> {
  static void write(Writer& out, const Value& value);
  static bool read(Reader& in, Value& value) { return in.any(value); }
};

template <typename E>
struct Coder<Enum<E>> {
  static void write(Writer& out, const Enum<E>& value) {
    if (!value.known()) return out.refuse("is '" + std::string(value.text()) + "'; not known here");
    out.text(value.text());
  }
  static bool read(Reader& in, Enum<E>& value) {
    std::string text;
    if (!in.text(text)) return false;
    value = Enum<E>(std::string_view(text));
    return true;
  }
};

template <typename T>
struct Coder<std::vector<T>> {
  static void write(Writer& out, const std::vector<T>& value) {
    out.begin_list(value.size());
    std::size_t at = 0;
    for (const auto& each : value) {
      Coder<T>::write(out, each);
      if (!out.ok()) return out.within(std::to_string(at));
      ++at;
    }
    out.end();
  }
  static bool read(Reader& in, std::vector<T>& value) {
    if (!in.begin_list()) return false;
    value.clear();
    while (in.element()) {
      T each{};
      if (!Coder<T>::read(in, each)) {
        in.within(std::to_string(value.size()));
        return false;
      }
      value.push_back(std::move(each));
    }
    return in.ok();
  }
};

template <typename T>
struct Coder<std::map<std::string, T>> {
  static void write(Writer& out, const std::map<std::string, T>& value) {
    out.begin_map(value.size());
    for (const auto& [key, each] : value) {
      // JavaScript would take it for something else.
      if (key == "__proto__") return out.refuse("has the key '__proto__', which is not allowed");
      out.key(key);
      Coder<T>::write(out, each);
      if (!out.ok()) return out.within(key);
    }
    out.end();
  }
  static bool read(Reader& in, std::map<std::string, T>& value) {
    if (!in.begin_map()) return false;
    value.clear();
    std::string_view name;
    while (in.key(name)) {
      std::string key(name);
      T each{};
      if (!Coder<T>::read(in, each)) {
        in.within(key);
        return false;
      }
      value[std::move(key)] = std::move(each);
    }
    return in.ok();
  }
};

template <typename O, typename T>
struct OptionalCoder {
  static void write(Writer& out, const O& value) {
    if (value) {
      Coder<T>::write(out, *value);
    } else {
      out.null();
    }
  }
  static bool read(Reader& in, O& value) {
    if constexpr (!has_null<T>) {
      if (in.null()) {
        value = O();
        return true;
      }
    }
    T found{};
    if (!Coder<T>::read(in, found)) return false;
    value = std::move(found);
    return true;
  }
};
template <typename T>
struct Coder<std::optional<T>> : OptionalCoder<std::optional<T>, T> {};
template <typename T>
struct Coder<Boxed<T>> : OptionalCoder<Boxed<T>, T> {};

template <typename S>
struct Coder<S, std::enable_if_t<HasFields<S>::value>> {
  static void write(Writer& out, const S& value) {
    constexpr auto all = S::fields();
    std::apply(
        [&](const auto&... field) {
          const std::size_t count =
              (std::size_t{0} + ... + (is_there(value.*field.member) ? 1U : 0U));
          out.begin_map(count);
          (write_field(out, field.name, value.*field.member), ...);
        },
        all);
    out.end();
  }
  static bool read(Reader& in, S& value) {
    constexpr auto all = S::fields();
    std::array<bool, std::tuple_size_v<decltype(all)>> found{};
    if (!in.begin_map()) return false;
    std::string_view key;
    while (in.key(key)) {
      if (!read_field(in, value, key, all, found, Indexes())) return false;
    }
    return in.ok() && complete(in, all, found, Indexes());
  }

 private:
  using Indexes = std::make_index_sequence<std::tuple_size_v<decltype(S::fields())>>;

  template <typename M>
  static bool is_there(const M& member) {
    if constexpr (IsOptional<M>::value) return static_cast<bool>(member);
    return true;
  }
  template <typename M>
  static void write_field(Writer& out, std::string_view name, const M& member) {
    if (!out.ok() || !is_there(member)) return;
    out.key(name);
    Coder<M>::write(out, member);
    if (!out.ok()) out.within(name);
  }
  template <typename Fields, typename Found, std::size_t... At>
  static bool read_field(Reader& in, S& value, std::string_view key, const Fields& all,
                         Found& found, std::index_sequence<At...>) {
    bool known = false;
    bool good = true;
    const auto attempt = [&](const auto& field, bool& seen) {
      if (known || field.name != key) return;
      known = seen = true;
      good = read_one(in, value, field);
    };
    (attempt(std::get<At>(all), found[At]), ...);
    (void)attempt, (void)all, (void)found;
    return known ? good : in.skip();
  }
  template <typename M>
  static bool read_one(Reader& in, S& value, const Field<S, M>& field) {
    // A null is missing, too, unless it is a value of the type.
    if constexpr (!has_null<M>) {
      if (field.has_default && in.null()) return true;
    }
    if (Coder<M>::read(in, value.*field.member)) return true;
    in.within(field.name);
    return false;
  }
  template <typename Fields, typename Found, std::size_t... At>
  static bool complete(Reader& in, const Fields& all, const Found& found,
                       std::index_sequence<At...>) {
    (void)all, (void)found;
    return (may_miss(in, std::get<At>(all), found[At]) && ...) && in.ok();
  }
  template <typename M>
  static bool may_miss(Reader& in, const Field<S, M>& field, bool found) {
    if (found || field.has_default || IsOptional<M>::value) return true;
    in.refuse("is missing");
    in.within(field.name);
    return false;
  }
};

}  // namespace detail

// Structs of an interface are equal if their fields are. Generated code brings these into its
// namespace.
template <typename S, typename = std::enable_if_t<detail::HasFields<S>::value>>
[[nodiscard]] bool operator==(const S& a, const S& b) {
  return std::apply(
      [&](const auto&... field) {
        (void)a, (void)b;
        return ((a.*field.member == b.*field.member) && ...);
      },
      S::fields());
}
template <typename S, typename = std::enable_if_t<detail::HasFields<S>::value>>
[[nodiscard]] bool operator!=(const S& a, const S& b) {
  return !(a == b);
}

}  // namespace rpc
}  // namespace busbar

#endif
