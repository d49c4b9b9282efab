// busbar/values.hpp: what values of calls are in C++17, beside those of the standard library; a
// part of busbar_rpc.hpp.
#ifndef BUSBAR_RPC_VALUES_HPP
#define BUSBAR_RPC_VALUES_HPP

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

}  // namespace rpc
}  // namespace busbar

#endif
