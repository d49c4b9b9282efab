// Counting rings.
#include "loopback/loopback_doorbell.h"

#include <cstdint>
#include <map>
#include <utility>

namespace busbar::loopback {
namespace {

class Bell final : public Object {
 public:
  static constexpr Kind kKind = Kind::Bell;
  Bell() noexcept : Object(kKind) {}
  std::uint64_t rings = 0;
};

class LoopbackDoorbell final : public Doorbell {
 public:
  LoopbackDoorbell(const Process& process, Handle bell) noexcept
      : process_(process), bell_(std::move(bell)) {}

  void ring() noexcept override {
    if (const std::shared_ptr<Bell> bell = find<Bell>(bell_)) ++bell->rings;
  }
  [[nodiscard]] Result<Handle> share() const override {
    std::shared_ptr<Object> bell = find_object(bell_);
    if (!bell) return Status::Closed;
    return open_object(process_, std::move(bell));
  }

 private:
  const Process& process_;
  Handle bell_;
};

class LoopbackDoorbellSet final : public DoorbellSet {
 public:
  LoopbackDoorbellSet(const Process& process, Handle raise) : process_(process) {
    bells_.emplace(0, Entry{std::move(raise)});
  }

  [[nodiscard]] Error add(Handle handle, std::uint64_t token) override {
    if (!handle.valid() || bells_.contains(token)) return {Status::InvalidArgument};
    std::shared_ptr<Bell> bell = find<Bell>(handle);
    if (!bell) return {Status::ProtocolViolation};
    // A bell that was ever rung is reported once, whoever took its rings before.
    bells_.emplace(token, Entry{open_object(process_, std::move(bell))});
    return {};
  }

  void remove(std::uint64_t token) noexcept override {
    if (token != 0) bells_.erase(token);
  }

  void raise() noexcept override {
    if (const std::shared_ptr<Bell> bell = find<Bell>(bells_.at(0).handle)) ++bell->rings;
  }

  // Round-robin by token, starting after the last one reported, so that no token starves.
  [[nodiscard]] std::size_t collect(std::span<std::uint64_t> out_tokens) noexcept override {
    std::size_t count = 0;
    auto entry = bells_.upper_bound(last_told_);
    for (std::size_t step = 0; step < bells_.size() && count < out_tokens.size(); ++step, ++entry) {
      if (entry == bells_.end()) entry = bells_.begin();
      const std::shared_ptr<Bell> bell = find<Bell>(entry->second.handle);
      if (!bell || bell->rings == entry->second.seen) continue;
      entry->second.seen = bell->rings;
      last_told_ = entry->first;
      out_tokens[count++] = entry->first;
    }
    return count;
  }

  void wait(int) noexcept override {}
  [[nodiscard]] std::intptr_t pollable() const noexcept override { return -1; }
  [[nodiscard]] Error call_when_ready(std::function<void()>) override {
    return {Status::Unsupported};
  }

 private:
  struct Entry {
    Handle handle;
    std::uint64_t seen = 0;
  };
  const Process& process_;
  std::map<std::uint64_t, Entry> bells_;
  std::uint64_t last_told_ = 0;
};

}  // namespace

Result<std::unique_ptr<Doorbell>> create_loopback_doorbell(const Process& process) {
  return std::unique_ptr<Doorbell>(
      std::make_unique<LoopbackDoorbell>(process, open_object(process, std::make_shared<Bell>())));
}

Result<std::unique_ptr<DoorbellSet>> create_loopback_doorbell_set(const Process& process) {
  return std::unique_ptr<DoorbellSet>(std::make_unique<LoopbackDoorbellSet>(
      process, open_object(process, std::make_shared<Bell>())));
}

}  // namespace busbar::loopback
