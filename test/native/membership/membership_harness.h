// A bus for tests: members on a LoopbackWorld, driven by one thread until nothing is left to do,
// with a clock that only the test moves.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/membership/membership.h"
#include "core/selector/selector_program.h"
#include "loopback/loopback_world.h"
#include "support/check.h"

namespace busbar::test {

using std::chrono::milliseconds;

inline Label label_of(std::string_view string) {
  const std::string_view strings[] = {string};
  return Label::create(strings).take();
}

// Matches endpoints that have this string in their label.
inline SelectorProgram leaf(std::string_view label) {
  std::vector<std::byte> program = {static_cast<std::byte>(SelectorOp::Leaf),
                                    static_cast<std::byte>(label.size())};
  const auto bytes = std::as_bytes(std::span(label));
  program.insert(program.end(), bytes.begin(), bytes.end());
  return SelectorProgram::create(program).take();
}

struct Introduction {
  std::uint64_t from_id;
  std::uint32_t from_pid;
  std::uint64_t link_id;
  std::uint64_t ring_bytes;
  std::size_t handles;
};

struct FailedIntroduction {
  std::uint64_t to_id;
  std::uint64_t link_id;
  Status why;
};

// One member with all its events.
class TestMember final : public MembershipEvents {
 public:
  TestMember(Platform& platform, MembershipConfig config)
      : platform(platform),
        reactor(platform.create_reactor().take()),
        membership(platform, *reactor, std::move(config), *this) {}

  // Handles one ready object and all timers that are due; false when there was nothing.
  bool step() {
    Readiness ready[1];
    const std::size_t count = reactor->wait(platform.now(), ready);
    if (count > 0) membership.handle(ready[0]);
    const auto due = membership.next_deadline();
    const bool timer = due && *due <= platform.now();
    if (timer) membership.handle_deadline();
    return count > 0 || timer;
  }

  [[nodiscard]] bool sees(std::uint64_t other) {
    return directory && directory->refresh() && directory->find(other) != nullptr;
  }
  // The revision of its label; nullopt when it is not listed.
  [[nodiscard]] std::optional<std::uint64_t> sees_revision_of(std::uint64_t other) {
    if (!sees(other)) return std::nullopt;
    return directory->find(other)->label_revision;
  }
  [[nodiscard]] std::size_t peers() {
    return directory && directory->refresh() ? directory->members().size() : 0;
  }

  void on_admitted(std::uint64_t new_id, std::unique_ptr<DirectoryReader> new_directory,
                   const ControllerChange& change) override {
    id = new_id;
    if (directory && directory->refresh()) new_directory->prefer_labels_of(*directory);
    directory = std::move(new_directory);
    changes.push_back(change);
  }
  void on_directory_changed() override { ++directory_changes; }
  void on_introduced(std::uint64_t from_id, std::uint32_t from_pid, std::uint64_t link_id,
                     std::uint64_t ring_bytes, std::vector<Handle> handles) override {
    introductions.push_back({from_id, from_pid, link_id, ring_bytes, handles.size()});
  }
  void on_introduction_failed(std::uint64_t to_id, std::uint64_t link_id, Status why) override {
    failed_introductions.push_back({to_id, link_id, why});
  }
  void on_parked_received(const HandOverSource& from, Handle, std::uint64_t bytes) override {
    parked.emplace_back(from.who.id, bytes);
    speaks_for_others = from.speaks_for_others;
    membership.answer_parked(from.who.id, keeps);
  }
  void on_relabelled(std::uint64_t revision) override { relabelled.push_back(revision); }
  void on_left(std::uint64_t messages_kept) override {
    ++lefts;
    kept = messages_kept;
  }
  void on_refused(Error error) override { refused = error.status; }

  Platform& platform;
  std::unique_ptr<Reactor> reactor;
  std::uint64_t id = 0;
  std::unique_ptr<DirectoryReader> directory;
  std::vector<ControllerChange> changes;
  int directory_changes = 0;
  std::vector<Introduction> introductions;
  std::vector<FailedIntroduction> failed_introductions;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parked;
  // Its answer to each parcel that it gets, and the answers to its own.
  std::uint64_t keeps = 1;
  // From the last parcel that came.
  bool speaks_for_others = false;
  // The revisions that were confirmed.
  std::vector<std::uint64_t> relabelled;
  int lefts = 0;
  std::uint64_t kept = 0;
  std::optional<Status> refused;
  Membership membership;
};

// Four handles, as many as in an introduction; the controller does not check their kinds. A killed
// process gets none.
struct FourHandles {
  explicit FourHandles(Platform& platform) {
    for (Handle& handle : handles) {
      if (auto bell = platform.create_doorbell()) handle = bell.value()->share().take();
    }
  }
  [[nodiscard]] std::array<const Handle*, 4> borrow() const {
    return {&handles[0], &handles[1], &handles[2], &handles[3]};
  }
  std::array<Handle, 4> handles;
};

inline Error introduce(TestMember& from, const TestMember& to, std::uint64_t link_id) {
  const FourHandles handles(from.platform);
  return from.membership.introduce(to.id, link_id, 4096, handles.borrow());
}

// Processes with one member each, on one bus.
class TestBus {
 public:
  explicit TestBus(std::uint64_t seed = 1) : world(seed) {}

  TestMember& start(MembershipConfig config = {}) {
    const std::uint32_t pid = next_pid_++;
    if (config.identifier.empty()) config.identifier = "test.bus";
    return start_in(pid, world.start_process(pid), std::move(config));
  }

  // Starts another member in a running process.
  TestMember& start_in(std::uint32_t pid, Platform& platform, MembershipConfig config) {
    if (config.label.empty()) config.label = label_of("member " + std::to_string(pid));
    members_.push_back({pid, std::make_unique<TestMember>(platform, std::move(config))});
    members_.back().second->membership.start();
    return *members_.back().second;
  }

  // Starts a member and settles.
  TestMember& join(MembershipConfig config = {}) {
    TestMember& member = start(std::move(config));
    settle();
    return member;
  }

  // Runs until no member has anything to do now; false when that never happens.
  bool settle() { return settle_within(1000000); }

  // As settle(), but false after this many steps of single members.
  bool settle_within(int steps) {
    for (;;) {
      bool busy = false;
      for (auto& [pid, member] : members_) {
        if (!world.is_alive(pid) || stopped(pid)) continue;
        if (steps-- == 0) return false;
        busy = member->step() || busy;
      }
      if (!busy) return true;
    }
  }

  // Lets time pass in steps of a millisecond; false when the members never settle.
  bool pass(milliseconds time) {
    for (milliseconds gone{0}; gone < time; ++gone) {
      world.advance(milliseconds(1));
      if (!settle()) return false;
    }
    return true;
  }

  void kill(const TestMember& member) { world.kill(pid_of(member)); }
  // SIGSTOP and SIGCONT.
  void stop(const TestMember& member) { stopped_.push_back(pid_of(member)); }
  void resume(const TestMember& member) { std::erase(stopped_, pid_of(member)); }

  [[nodiscard]] std::uint32_t pid_of(const TestMember& member) const {
    for (const auto& [pid, candidate] : members_) {
      if (candidate.get() == &member) return pid;
    }
    return 0;
  }

  [[nodiscard]] std::vector<TestMember*> living() const {
    std::vector<TestMember*> members;
    for (const auto& [pid, member] : members_) {
      if (world.is_alive(pid)) members.push_back(member.get());
    }
    return members;
  }

  // nullptr when there is no controller.
  [[nodiscard]] TestMember* controller() const {
    for (TestMember* member : living()) {
      if (member->membership.is_controller()) return member;
    }
    return nullptr;
  }

  // How many living members are controller; more than one would be a broken bus.
  [[nodiscard]] std::size_t controllers() const {
    std::size_t count = 0;
    for (const TestMember* member : living()) count += member->membership.is_controller() ? 1 : 0;
    return count;
  }

  LoopbackWorld world;

 private:
  [[nodiscard]] bool stopped(std::uint32_t pid) const {
    return std::find(stopped_.begin(), stopped_.end(), pid) != stopped_.end();
  }

  std::uint32_t next_pid_ = 100;
  std::vector<std::uint32_t> stopped_;
  // Destroyed before the world, which they still use.
  std::vector<std::pair<std::uint32_t, std::unique_ptr<TestMember>>> members_;
};

inline std::vector<TestMember*> join_many(TestBus& bus, int count) {
  std::vector<TestMember*> members;
  members.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) members.push_back(&bus.join());
  return members;
}

// True if all living members are admitted, see exactly each other, and one of them is controller.
inline bool is_whole(TestBus& bus) {
  const std::vector<TestMember*> living = bus.living();
  if (!CHECK_EQ(bus.controllers(), 1)) return false;
  bool whole = true;
  std::set<std::uint64_t> ids;
  for (TestMember* member : living) {
    ids.insert(member->id);
    whole = CHECK(member->membership.admitted()) && CHECK(!member->refused) && whole;
    whole = CHECK_EQ(member->peers(), living.size()) && whole;
    whole = CHECK_EQ(member->directory->controller_id(), bus.controller()->id) && whole;
    for (TestMember* other : living) whole = CHECK(member->sees(other->id)) && whole;
    for (const Member& listed : member->directory->members()) {
      whole = CHECK_EQ(listed.flags & kMemberProvisional, 0) && whole;
    }
  }
  return CHECK_EQ(ids.size(), living.size()) && whole;
}

}  // namespace busbar::test
