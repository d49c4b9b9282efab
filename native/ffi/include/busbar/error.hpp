// busbar/error.hpp: why a call failed, and results that are a value or an error; a part of
// busbar_rpc.hpp.
#ifndef BUSBAR_RPC_ERROR_HPP
#define BUSBAR_RPC_ERROR_HPP

#include "busbar/codec.hpp"

namespace busbar {
namespace rpc {

// Whether a call that failed was executed: `no` and `yes` are certain.
enum class Executed { no, maybe, yes };

namespace detail {
template <typename T>
inline constexpr char type_tag = 0;
}

// Why a call failed. `code` is the name of an error that the interface declares, or one of
// NO_RECIPIENT, PEER_GONE, DEADLINE, CANCELLED, BUSY, INVALID_ARGUMENT, INVALID_RESULT,
// UNKNOWN_METHOD, HANDLER_FAILED, UNSUPPORTED_ATTACHMENT, CONFLICT, PROTOCOL, CLOSED, OVERRUN.
class Error {
 public:
  Error() = default;
  Error(std::string its_code, std::string text, Executed was = Executed::maybe,
        std::uint64_t peer = 0)
      : code(std::move(its_code)), message(std::move(text)), executed(was), peer_id(peer) {}

  std::string code;
  std::string message;
  Executed executed = Executed::maybe;
  // The server that the call was sent to last; 0 for none.
  std::uint64_t peer_id = 0;
  // Of BUSY: the calls that the server had under way.
  std::uint64_t load = 0;

  // The data of a declared error, such as `error.as<OutOfRange>()`; null if it is another one.
  template <typename E>
  [[nodiscard]] const E* as() const noexcept {
    return tag_ == &detail::type_tag<E> ? static_cast<const E*>(data_.get()) : nullptr;
  }
  template <typename E>
  void attach(E data) {
    data_ = std::make_shared<E>(std::move(data));
    tag_ = &detail::type_tag<E>;
    write_ = [](Writer& out, const void* given) {
      detail::Coder<E>::write(out, *static_cast<const E*>(given));
    };
  }
  // Whether it has data; write() writes them.
  [[nodiscard]] bool has_data() const noexcept { return data_ != nullptr; }
  void write(Writer& out) const { write_(out, data_.get()); }

 private:
  std::shared_ptr<const void> data_;
  const char* tag_ = nullptr;
  void (*write_)(Writer&, const void*) = nullptr;
};

// An error that the interface declares, for a method to return: `return fail(OutOfRange{5, 30});`
template <typename E>
[[nodiscard]] Error fail(E data, std::string message = std::string(E::error_code)) {
  Error error{std::string(E::error_code), std::move(message), Executed::yes};
  error.attach(std::move(data));
  return error;
}

// A value or an error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}
  [[nodiscard]] bool ok() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  // Only if ok().
  [[nodiscard]] T& value() & noexcept { return *std::get_if<0>(&held_); }
  [[nodiscard]] const T& value() const& noexcept { return *std::get_if<0>(&held_); }
  [[nodiscard]] T&& value() && noexcept { return std::move(*std::get_if<0>(&held_)); }
  T& operator*() noexcept { return value(); }
  const T& operator*() const noexcept { return value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }
  // Only if not ok().
  [[nodiscard]] const Error& error() const noexcept { return *std::get_if<1>(&held_); }

 private:
  std::variant<T, Error> held_;
};

// Ends at which a call gives up.
using Clock = std::chrono::steady_clock;

}  // namespace rpc
}  // namespace busbar

#endif
