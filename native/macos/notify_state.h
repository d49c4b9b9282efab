// NotifyState: the 64 bits of state of a notification. They live while any process has the name
// open, whoever wrote them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/status.h"

namespace busbar::macos_platform {

class NotifyState {
 public:
  [[nodiscard]] static Result<NotifyState> open(const std::string& name);
  // Owns a registration of any kind.
  explicit NotifyState(int token) noexcept : token_(token) {}
  NotifyState(NotifyState&& other) noexcept : token_(std::exchange(other.token_, -1)) {}
  NotifyState(const NotifyState&) = delete;
  NotifyState& operator=(const NotifyState&) = delete;
  NotifyState& operator=(NotifyState&&) = delete;
  ~NotifyState();

  // 0 when the state was never set.
  [[nodiscard]] std::uint64_t get() const noexcept;
  [[nodiscard]] Error set(std::uint64_t state) const noexcept;

 private:
  int token_;
};

}  // namespace busbar::macos_platform
