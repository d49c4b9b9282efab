// Keeps bell and reactor together.
#include "core/membership/name_watch.h"

#include <utility>

namespace busbar {

NameWatch::NameWatch(Reactor& reactor, TokenSource& tokens, std::uint64_t holder,
                     std::unique_ptr<NameBell> bell)
    : reactor_(reactor), tokens_(tokens), holder_(holder), bell_(std::move(bell)) {
  listen();
}

NameWatch::~NameWatch() { ignore(); }

void NameWatch::listen() {
  if (bell_ == nullptr || token_ != 0) return;
  const std::uint64_t token = tokens_.next();
  // Unheard at worst: whoever needs the controller finds out by himself.
  if (reactor_.watch(*bell_, token).ok()) token_ = token;
}

void NameWatch::ignore() noexcept {
  if (token_ != 0) reactor_.forget(std::exchange(token_, 0));
}

void NameWatch::ring() noexcept {
  if (bell_ != nullptr) bell_->ring();
}

void NameWatch::replace(std::unique_ptr<NameBell> bell) noexcept {
  ignore();
  bell_ = std::move(bell);
}

void NameWatch::quiet() noexcept {
  if (bell_ != nullptr) bell_->quiet();
}

}  // namespace busbar
