// NameHolder: the holder of the bus's name through whom a member has joined: its number, and its
// bell on the member's reactor.
#pragma once

#include <cstdint>
#include <memory>

#include "core/control/control_channel.h"
#include "platform/platform.h"

namespace busbar {

class NameHolder {
 public:
  // `bell` may be nullptr: then nothing is ever heard. Listens at once; reactor and tokens must
  // outlive it.
  NameHolder(Reactor& reactor, TokenSource& tokens, std::uint64_t number,
             std::unique_ptr<NameBell> bell);
  ~NameHolder();
  NameHolder(const NameHolder&) = delete;
  NameHolder& operator=(const NameHolder&) = delete;

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  // Whether a readiness is that of the bell.
  [[nodiscard]] bool owns(std::uint64_t token) const noexcept {
    return token_ != 0 && token == token_;
  }
  // A bell that has been heard and stays rung must not be listened to, or nobody could sleep.
  void listen();
  void ignore() noexcept;
  void ring() noexcept;
  // True also if there is no bell: then nobody can take a ring back.
  [[nodiscard]] bool is_rung() const noexcept { return bell_ == nullptr || bell_->is_rung(); }
  void quiet() noexcept;
  [[nodiscard]] bool is(const NameBell& bell) const noexcept {
    return bell_ == nullptr || bell_->is_same(bell);
  }
  // Another bell from now on; not listened to yet.
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
