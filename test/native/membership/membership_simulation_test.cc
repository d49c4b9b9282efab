// A bus under a hostile seeded scheduler: members come, leave, die, stop and resume in any order,
// every step of every member is chosen at random, and time passes in leaps. In the end the bus must
// be whole. A failing seed is printed and fails again.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
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
  struct Seen {
    std::uint64_t instance;
    std::uint64_t revision;
  };
  struct Actor {
    TestMember* member;
    bool stopped = false;
    bool leaving = false;
    bool missed_an_end = false;
    // The last generation that it reported, and how many of its changes were checked.
    std::uint64_t generation = 0;
    std::size_t checked = 0;
    // The label that it wanted last, the one that was confirmed last, and how many of the
    // confirmations were checked.
    std::uint64_t wanted_label = 0;
    std::uint64_t shown_label = 0;
    std::size_t labels_checked = 0;
    // Since when it is in office; nullopt: it is not.
    std::optional<TimePoint> in_office_since{};
    // The labels of others that it has seen, or was to see: never older ones from then on.
    std::map<std::uint64_t, Seen> seen{};
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
    switch (dice_.below(12)) {
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
      case 9:
      case 10:
        if (actor != nullptr && actor->member->id != 0 && !actor->leaving) relabel(*actor);
        break;
      default:
        bus_.world.advance(milliseconds(dice_.below(600)));
        break;
    }
  }

  // Sometimes twice in a row, or to the same string again.
  static void relabel(Actor& actor) {
    for (int times = actor.wanted_label % 3 == 0 ? 2 : 1; times > 0; --times) {
      const std::uint64_t revision = ++actor.wanted_label;
      actor.member->membership.relabel(label_of("label " + std::to_string(revision % 5)), revision);
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
    // member that had not run for long at that moment may still report the old bus.
    const auto& numbers = bus_.world.generations();
    const std::uint64_t number = numbers.empty() ? 0 : numbers.begin()->second;
    if (number < std::exchange(number_, number)) {
      controllers_.clear();
      offices_.clear();
      for (Actor& actor : actors_) actor.seen.clear();
      for (Actor& actor : actors_)
        actor.missed_an_end = actor.missed_an_end || actor.generation != 0;
    }
    for (Actor& actor : actors_) {
      const std::vector<ControllerChange>& changes = actor.member->changes;
      for (; actor.checked < changes.size(); ++actor.checked) {
        const ControllerChange& change = changes[actor.checked];
        // A generation has one controller, whoever reports it.
        if (actor.missed_an_end && !controllers_.contains(change.generation)) continue;
        const auto known = controllers_.emplace(change.generation, change.controller_id).first;
        const bool agreed = known->second == change.controller_id;
        offices_.emplace(change.generation, office_since(change.controller_id));
        if (!agreed && actor.missed_an_end) continue;
        const bool same_bus = !std::exchange(actor.missed_an_end, false);
        if (!CHECK(agreed)) return false;
        if (!CHECK(!same_bus || change.generation >= actor.generation)) return false;
        actor.generation = change.generation;
      }
      if (!CHECK(!actor.member->refused.has_value())) return false;
      const bool in_office = actor.member->membership.is_controller();
      holders += in_office ? 1 : 0;
      if (!in_office) actor.in_office_since.reset();
      if (in_office && !actor.in_office_since) actor.in_office_since = bus_.world.now();
    }
    return CHECK(holders <= 1) && labels_are_seen();
  }

  // The controller's own endpoint may not know its id yet.
  TimePoint office_since(std::uint64_t controller_id) {
    TimePoint since = bus_.world.now();
    for (const Actor& actor : actors_) {
      const bool is_it = actor.member->id == controller_id || actor.member->id == 0;
      if (actor.in_office_since && is_it) since = std::min(since, *actor.in_office_since);
    }
    return since;
  }

  // Once a label is confirmed, no member sees an older one of this endpoint.
  bool labels_are_seen() {
    for (Actor& actor : actors_) {
      const std::vector<std::uint64_t>& shown = actor.member->relabelled;
      for (; actor.labels_checked < shown.size(); ++actor.labels_checked) {
        const std::uint64_t revision = shown[actor.labels_checked];
        if (!CHECK(revision > actor.shown_label && revision <= actor.wanted_label)) return false;
        actor.shown_label = revision;
        if (!actor.missed_an_end && !is_seen_by_all(actor)) return false;
      }
    }
    for (Actor& actor : actors_) {
      if (actor.seen.empty() || !is_on_bus(actor) || !actor.member->directory->refresh()) continue;
      for (auto& [id, seen] : actor.seen) {
        const Member* now = actor.member->directory->find(id);
        if (now == nullptr || now->instance != seen.instance) continue;
        if (!CHECK(now->label_revision >= seen.revision)) return false;
      }
    }
    return true;
  }

  // The program of one that leaves sends nothing any more.
  bool is_on_bus(const Actor& actor) {
    const TestMember& member = *actor.member;
    return bus_.world.is_alive(bus_.pid_of(member)) && member.directory && !actor.leaving &&
           !actor.missed_an_end;
  }

  std::string describe(const Actor& relabelled, const Actor& actor) {
    const ControllerChange& office = relabelled.member->changes.back();
    const auto since = bus_.world.now() - offices_[office.generation];
    std::string text = std::to_string(bus_.pid_of(*actor.member)) + " of generation " +
                       std::to_string(actor.member->changes.back().generation) +
                       (actor.member->membership.admitted() ? "" : ", which seeks,") +
                       (actor.stopped ? " is stopped and" : "") + " sees an older label of " +
                       std::to_string(bus_.pid_of(*relabelled.member)) + ", " +
                       std::to_string(since / milliseconds(1)) + " ms into generation " +
                       std::to_string(office.generation) + ", which lists";
    for (const Member& listed : relabelled.member->directory->members())
      text += ' ' + std::to_string(listed.pid) + (listed.flags == kMemberProvisional ? "?" : "");
    return text;
  }

  // As with joining, members that need more than kReturnTime to come over to a new controller
  // learn of it when they come.
  bool is_seen_by_all(Actor& relabelled) {
    TestMember& who = *relabelled.member;
    const ControllerChange& office = who.changes.back();
    if (!who.sees(who.id)) return true;
    const std::uint64_t instance = who.directory->find(who.id)->instance;
    for (Actor& actor : actors_) {
      if (!is_on_bus(actor) || actor.member->changes.empty()) continue;
      const bool same_office = actor.member->changes.back().generation == office.generation;
      const bool late =
          !same_office && bus_.world.now() >= offices_[office.generation] + kReturnTime;
      const auto seen = actor.member->sees_revision_of(who.id);
      const bool older = seen && *seen < relabelled.shown_label &&
                         actor.member->directory->find(who.id)->instance == instance;
      if (older && !late) {
        CHECK_EQ("the label that was confirmed", describe(relabelled, actor));
        return false;
      }
      if (same_office) actor.seen[who.id] = {instance, relabelled.shown_label};
    }
    return true;
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
    return CHECK(bus_.pass(milliseconds(50))) && sane() && is_whole(bus_) && all_see_last_labels();
  }

  bool all_see_last_labels() {
    for (const Actor& actor : actors_) {
      if (!bus_.world.is_alive(bus_.pid_of(*actor.member))) continue;
      if (!CHECK_EQ(actor.shown_label, actor.wanted_label)) return false;
      for (TestMember* other : bus_.living()) {
        if (!CHECK(other->sees_revision_of(actor.member->id) == actor.wanted_label)) return false;
      }
    }
    return true;
  }

  void start_with_affinity() { actors_.push_back({&bus_.start()}); }

  Dice dice_;
  TestBus bus_;
  std::vector<Actor> actors_;
  std::map<std::uint64_t, std::uint64_t> controllers_;
  // Since when the controller of a generation is in office.
  std::map<std::uint64_t, TimePoint> offices_;
  // The number of the last generation.
  std::uint64_t number_ = 0;
  std::uint64_t links_ = 0;
};

}  // namespace

TEST(simulation_of_membership_with_many_seeds) {
  run_seeds([](std::uint64_t seed) { return Simulation(seed).run(); });
}

}  // namespace busbar::test
