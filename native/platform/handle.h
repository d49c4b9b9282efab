// Handle: owns one kernel object (descriptor, HANDLE, Mach port right) that can be sent to another
// process. Only the platform folder knows its kind; the core moves handles and closes them.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

namespace busbar {

class Handle {
 public:
  // Closes the raw value. Each platform passes its own, so that the loopback platform can exist
  // beside the native one.
  using Closer = void (*)(std::intptr_t raw) noexcept;

  Handle() noexcept = default;
  Handle(std::intptr_t raw, Closer closer) noexcept : raw_(raw), closer_(closer) {}
  Handle(Handle&& other) noexcept
      : raw_(std::exchange(other.raw_, 0)), closer_(std::exchange(other.closer_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      close();
      raw_ = std::exchange(other.raw_, 0);
      closer_ = std::exchange(other.closer_, nullptr);
    }
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { close(); }

  [[nodiscard]] bool valid() const noexcept { return closer_ != nullptr; }
  // The function that closes it; a platform recognises its kinds of objects by it.
  [[nodiscard]] Closer closer() const noexcept { return closer_; }
  // The Handle still owns the value.
  [[nodiscard]] std::intptr_t borrow() const noexcept { return raw_; }
  // The caller owns the value from now on.
  [[nodiscard]] std::intptr_t take() noexcept {
    closer_ = nullptr;
    return std::exchange(raw_, 0);
  }
  void close() noexcept {
    if (closer_ != nullptr) std::exchange(closer_, nullptr)(std::exchange(raw_, 0));
  }

 private:
  std::intptr_t raw_ = 0;
  Closer closer_ = nullptr;
};
static_assert(!std::is_copy_constructible_v<Handle> &&
              std::is_nothrow_move_constructible_v<Handle>);

}  // namespace busbar
