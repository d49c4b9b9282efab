// NameHolder: the holder of the bus's name with which a member has joined: its number, and its bell
// on the member's reactor.
#pragma once

#include <cstdint>
#include <memory>

#include "core/control/control_channel.h"
#include "platform/platform.h"

namespace busbar {

class NameHolder {
 public:
  // With `bell` nullptr, no ring is ever heard. Listens at once; reactor and tokens must
  // outlive it.
  NameHolder(Reactor& reactor, TokenSource& tokens, std::uint64_t number,
             std::unique_ptr<NameBell> bell);
  ~NameHolder();
  NameHolder(const NameHolder&) = delete;
  NameHolder& operator=(const NameHolder&) = delete;

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  // Whether a token is that of the bell.
  [[nodiscard]] bool owns(std::uint64_t token) const noexcept {
    return token_ != 0 && token == token_;
  }
  // A bell that was heard and stays rung must not be listened to: the reactor would never sleep.
  void listen();
  void ignore() noexcept;
  void ring() noexcept;
  // True without a bell: no ring can be taken back then.
  [[nodiscard]] bool is_rung() const noexcept { return bell_ == nullptr || bell_->is_rung(); }
  void quiet() noexcept;
  [[nodiscard]] bool is(const NameBell& bell) const noexcept {
    return bell_ == nullptr || bell_->is_same(bell);
  }
  // Uses another bell from now on, which is not listened to yet.
  void replace(std::unique_ptr<NameBell> bell) noexcept;

 private:
  Reactor& reactor_;
  TokenSource& tokens_;
  std::uint64_t number_;
  std::unique_ptr<NameBell> bell_;
  // 0 while not listening.
  std::uint64_t token_ = 0;
};

}  // namespace busbar
