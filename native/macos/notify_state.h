// NotifyState: 64 bits beside the name of a notification. They live as long as anybody has the name
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
  // Owns a registration of whatever kind.
  explicit NotifyState(int token) noexcept : token_(token) {}
  NotifyState(NotifyState&& other) noexcept : token_(std::exchange(other.token_, -1)) {}
  NotifyState(const NotifyState&) = delete;
  NotifyState& operator=(const NotifyState&) = delete;
  NotifyState& operator=(NotifyState&&) = delete;
  ~NotifyState();

  // 0 when nobody has written any.
  [[nodiscard]] std::uint64_t get() const noexcept;
  [[nodiscard]] Error set(std::uint64_t state) const noexcept;

 private:
  int token_;
};

}  // namespace busbar::macos_platform
