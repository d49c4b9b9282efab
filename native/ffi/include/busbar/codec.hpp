// busbar/codec.hpp: values of C++17 as MessagePack and JSON, as the calls of Busbar have them; a
// part of busbar_rpc.hpp, in the library busbar::rpc. Generated structs are plain: a static
// function `fields()` says which of their members have which names on the wire.
#ifndef BUSBAR_RPC_CODEC_HPP
#define BUSBAR_RPC_CODEC_HPP

#include "busbar/payload.hpp"

namespace busbar {
namespace rpc {

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
