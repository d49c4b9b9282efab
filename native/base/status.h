// Status: the outcome of every call that can fail. Error adds the system's own error number. Both
// are plain values, no exceptions: they cross every layer, the platform folders included.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

namespace busbar {

enum class Status : std::int32_t {
  Ok = 0,
#define BUSBAR_ERROR(number, name, text) name = number,
#include "base/error_list.def"
#undef BUSBAR_ERROR
};

// True if `number`, which a peer wrote, is the number of a listed error. 0 is Ok, not an error.
[[nodiscard]] bool is_listed_failure(std::uint64_t number) noexcept;

// The sentence of error_list.def for `status`; never null, static storage.
[[nodiscard]] const char* status_text(Status status) noexcept;
// The name in error_list.def, as in "QueueFull"; never null, static storage.
[[nodiscard]] const char* status_name(Status status) noexcept;

// The call that failed, for a text that a person reads. Static storage: an Error keeps a pointer to
// it.
struct FailedCall {
  // The system call, as in "memfd_create".
  const char* call = nullptr;
  // The path of the file concerned; null when there is none.
  const char* path = nullptr;
  // How the reader can cure the failure; null when that is plain.
  const char* advice = nullptr;
};

struct [[nodiscard]] Error {
  Status status = Status::Ok;
  // errno or GetLastError() as the system gave it; 0 when no system call failed.
  std::int32_t os_code = 0;
  // Null when the failed call is not known. A pointer keeps Error at two words, so that it travels
  // in registers.
  const FailedCall* at = nullptr;

  [[nodiscard]] bool ok() const noexcept { return status == Status::Ok; }
};

// Either a value or an Error. Move-only values are fine.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : content_(std::in_place_index<0>, std::move(value)) {
  }  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : content_(std::in_place_index<1>, error) {}  // NOLINT(google-explicit-constructor)
  Result(Status status)
      : content_(std::in_place_index<1>, Error{status}) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return content_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  // Only after ok().
  [[nodiscard]] T& value() noexcept { return *std::get_if<0>(&content_); }
  [[nodiscard]] const T& value() const noexcept { return *std::get_if<0>(&content_); }
  [[nodiscard]] T take() noexcept { return std::move(*std::get_if<0>(&content_)); }

  [[nodiscard]] Error error() const noexcept { return ok() ? Error{} : *std::get_if<1>(&content_); }
  [[nodiscard]] Status status() const noexcept { return error().status; }

 private:
  std::variant<T, Error> content_;
};

}  // namespace busbar
