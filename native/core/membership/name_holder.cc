// Watches the bell on the reactor, and ends the watch before the bell is destroyed.
#include "core/membership/name_holder.h"

#include <utility>

namespace busbar {

NameHolder::NameHolder(Reactor& reactor, TokenSource& tokens, std::uint64_t number,
                       std::unique_ptr<NameBell> bell)
    : reactor_(reactor), tokens_(tokens), number_(number), bell_(std::move(bell)) {
  listen();
}

NameHolder::~NameHolder() { ignore(); }

void NameHolder::listen() {
  if (bell_ == nullptr || token_ != 0) return;
  const std::uint64_t token = tokens_.next();
  // On failure the bell goes unheard: an endpoint that needs the controller finds out by its ping.
  if (reactor_.watch(*bell_, token).ok()) token_ = token;
}

void NameHolder::ignore() noexcept {
  if (token_ != 0) reactor_.forget(std::exchange(token_, 0));
}

void NameHolder::ring() noexcept {
  if (bell_ != nullptr) bell_->ring();
}

void NameHolder::replace(std::unique_ptr<NameBell> bell) noexcept {
  ignore();
  bell_ = std::move(bell);
}

void NameHolder::quiet() noexcept {
  if (bell_ != nullptr) bell_->quiet();
}

}  // namespace busbar
