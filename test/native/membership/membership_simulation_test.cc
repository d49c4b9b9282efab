// A bus under a hostile seeded scheduler: members come, leave, die, stop and resume in any order,
// every step of every member is chosen at random, and time passes in leaps. In the end the bus must
// be whole. A failing seed is printed and fails again.
#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "membership/membership_harness.h"
#include "membership/simulation.h"
#include "support/check.h"

namespace busbar::test {
namespace {

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : dice_(seed), bus_(seed) {}

  bool run() {
    for (int i = 0; i < 3; ++i) start();
    for (int disaster = 0; disaster < 60; ++disaster) {
      const std::size_t steps = dice_.below(40);
      for (std::size_t step = 0; step < steps; ++step) {
        step_somebody();
        if (!sane()) return false;
      }
      happen();
      if (!sane()) return false;
    }
    return recover();
  }

 private:
  struct Actor {
    TestMember* member;
    bool stopped = false;
    bool leaving = false;
    bool missed_an_end = false;
    // The last generation that it reported, and how many of its changes were checked.
    std::uint64_t generation = 0;
    std::size_t checked = 0;
  };

  void start() {
    MembershipConfig config;
    config.controller_affinity = dice_.below(5) != 0;
    actors_.push_back({&bus_.start(std::move(config))});
  }

  void step_somebody() {
    if (dice_.below(6) == 0) bus_.world.advance(std::chrono::microseconds(dice_.below(3000)));
    Actor* actor = any();
    if (actor != nullptr && !actor->stopped) actor->member->step();
  }

  Actor* any() {
    std::vector<Actor*> living;
    for (Actor& actor : actors_) {
      if (bus_.world.is_alive(bus_.pid_of(*actor.member))) living.push_back(&actor);
    }
    return living.empty() ? nullptr : living[dice_.below(living.size())];
  }

  void happen() {
    Actor* actor = any();
    const std::size_t living = bus_.living().size();
    switch (dice_.below(10)) {
      case 0:
      case 1:
        if (living < 8) start();
        break;
      case 2:
      case 3:
        if (actor != nullptr && living > 2) bus_.kill(*actor->member);
        break;
      case 4:
        // The current controller: the interesting case.
        if (TestMember* controller = bus_.controller(); controller != nullptr && living > 2)
          bus_.kill(*controller);
        break;
      case 5:
      case 6:
        if (actor != nullptr) actor->stopped = !actor->stopped;
        break;
      case 7:
        if (actor != nullptr && !actor->leaving && living > 2) {
          actor->leaving = true;
          actor->member->membership.leave();
        }
        break;
      case 8:
        if (actor != nullptr) introduce_to_somebody(*actor->member);
        break;
      default:
        bus_.world.advance(milliseconds(dice_.below(600)));
        break;
    }
  }

  void introduce_to_somebody(TestMember& from) {
    const Actor* to = any();
    if (to == nullptr || from.id == 0 || to->member->id == 0) return;
    (void)introduce(from, *to->member, ++links_);
  }

  // Invariants that hold at every moment.
  bool sane() {
    std::size_t holders = 0;
    // All members left, as far as any of them knew: the next one founds a new bus of this name. A
    // member stopped at that moment may still report the old bus.
    const auto& numbers = bus_.world.generations();
    const std::uint64_t number = numbers.empty() ? 0 : numbers.begin()->second;
    if (number < std::exchange(number_, number)) {
      controllers_.clear();
      for (Actor& actor : actors_) actor.missed_an_end = actor.missed_an_end || actor.stopped;
    }
    for (Actor& actor : actors_) {
      const std::vector<ControllerChange>& changes = actor.member->changes;
      for (; actor.checked < changes.size(); ++actor.checked) {
        const ControllerChange& change = changes[actor.checked];
        // A generation has one controller, whoever reports it.
        if (actor.missed_an_end && !controllers_.contains(change.generation)) continue;
        const auto known = controllers_.emplace(change.generation, change.controller_id).first;
        const bool agreed = known->second == change.controller_id;
        if (!agreed && actor.missed_an_end) continue;
        actor.missed_an_end = false;
        if (!CHECK(agreed)) return false;
        if (!CHECK(change.generation >= actor.generation)) return false;
        actor.generation = change.generation;
      }
      if (!CHECK(!actor.member->refused.has_value())) return false;
      holders += actor.member->membership.is_controller() ? 1 : 0;
    }
    return CHECK(holders <= 1);
  }

  // No more faults: all members must find each other.
  bool recover() {
    if (bus_.living().empty()) start();
    // At least one member must be able to become controller.
    start_with_affinity();
    for (Actor& actor : actors_) actor.stopped = false;
    if (!CHECK(bus_.pass(milliseconds(6000)))) return false;
    for (const Actor& actor : actors_) {
      if (actor.leaving && bus_.world.is_alive(bus_.pid_of(*actor.member))) {
        if (!CHECK_EQ(actor.member->lefts, 1)) return false;
        bus_.kill(*actor.member);
      }
    }
    return CHECK(bus_.pass(milliseconds(50))) && sane() && is_whole(bus_);
  }

  void start_with_affinity() { actors_.push_back({&bus_.start()}); }

  Dice dice_;
  TestBus bus_;
  std::vector<Actor> actors_;
  std::map<std::uint64_t, std::uint64_t> controllers_;
  // The number of the last generation.
  std::uint64_t number_ = 0;
  std::uint64_t links_ = 0;
};

}  // namespace

TEST(simulation_of_membership_with_many_seeds) {
  run_seeds([](std::uint64_t seed) { return Simulation(seed).run(); });
}

}  // namespace busbar::test
