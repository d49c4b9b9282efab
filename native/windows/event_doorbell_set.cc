// The state of each event says whether its bell was rung; collect() resets it.
#include "windows/event_doorbell_set.h"

#include <unordered_map>
#include <utility>

#include "windows/event_doorbell.h"
#include "windows/kernel_handle.h"
#include "windows/native_calls.h"
#include "windows/waitable_set.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

constexpr std::uint64_t kRaiseToken = 0;

class EventDoorbellSet final : public DoorbellSet {
 public:
  explicit EventDoorbellSet(std::unique_ptr<WaitableSet> waitables) noexcept
      : waitables_(std::move(waitables)) {}

  [[nodiscard]] Error add(Handle bell, std::uint64_t token) override {
    if (!bell.valid() || token == kRaiseToken || bells_.contains(token)) {
      return {Status::InvalidArgument};
    }
    // An auto-reset event would be reset by the first wait, before collect() reports it.
    if (!is_manual_reset_event(borrow_handle(bell))) return {Status::ProtocolViolation};
    const Error error = waitables_->add(borrow_handle(bell), token);
    if (error.ok()) bells_.emplace(token, std::move(bell));
    return error;
  }

  void remove(std::uint64_t token) noexcept override {
    const auto found = bells_.find(token);
    if (found == bells_.end()) return;
    waitables_->remove(token);
    bells_.erase(found);
  }

  void raise() noexcept override { waitables_->wake(); }

  [[nodiscard]] std::size_t collect(std::span<std::uint64_t> out_tokens) noexcept override {
    std::size_t count = 0;
    if (out_tokens.empty()) return 0;
    if (announced_.valid()) ::ResetEvent(borrow_handle(announced_));
    if (waitables_->take_wake()) out_tokens[count++] = kRaiseToken;
    waitables_->look([&](std::uint64_t token) {
      if (count == out_tokens.size()) return false;
      ::ResetEvent(borrow_handle(bells_.at(token)));
      out_tokens[count++] = token;
      return true;
    });
    return count;
  }

  void wait(int timeout_ms) noexcept override {
    waitables_->wait(timeout_ms < 0 ? WaitableSet::kForEver
                                    : static_cast<std::uint32_t>(timeout_ms));
  }

  [[nodiscard]] std::intptr_t pollable() const noexcept override { return -1; }

  // One event for all bells.
  [[nodiscard]] std::intptr_t waitable() override {
    if (!announced_.valid()) {
      auto event = create_event(false);
      if (!event) return -1;
      announced_ = event.take();
      const RawHandle raw = borrow_handle(announced_);
      if (!call_when_ready([raw] { ::SetEvent(raw); }).ok()) {
        announced_.close();
        return -1;
      }
    }
    return announced_.borrow();
  }

  [[nodiscard]] Error call_when_ready(std::function<void()> ready) override {
    return waitables_->call_when_ready(std::move(ready));
  }

 private:
  std::unordered_map<std::uint64_t, Handle> bells_;
  // For a program that waits for all bells in its own way.
  Handle announced_;
  std::unique_ptr<WaitableSet> waitables_;  // destroyed first: it waits for the bells
};

}  // namespace

Result<std::unique_ptr<DoorbellSet>> create_event_doorbell_set() {
  auto waitables = WaitableSet::create();
  if (!waitables) return waitables.error();
  return std::unique_ptr<DoorbellSet>(std::make_unique<EventDoorbellSet>(waitables.take()));
}

}  // namespace busbar::windows_platform
