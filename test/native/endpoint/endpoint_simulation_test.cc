// Whole endpoints under a hostile seeded scheduler: they send to one, to any and to all, large and
// small, with and without a time to live, while endpoints come, leave, die, stop and resume. They
// keep some messages for later, refuse some, and return unhandled ones when they leave. Each turn
// of each program and control thread is chosen at random. A second run has systems without
// descriptors or memory for a while. In the end every message is accounted for: received once, or
// reported as undelivered once, in order, with correct deliveries; and no process holds a memory
// region that travelled along.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/endpoint/endpoint.h"
#include "endpoint/endpoint_accounts.h"
#include "membership/membership_harness.h"
#include "membership/simulation.h"
#include "support/check.h"

namespace busbar::test {
namespace {

bool is_want(Status status) {
  return status == Status::OutOfMemory || status == Status::OutOfDescriptors;
}

class EndpointSimulation {
 public:
  // `poor`: systems run out of something now and then.
  EndpointSimulation(std::uint64_t seed, bool poor)
      : dice_(seed), world_(seed), poor_(poor), slab_(64U << 10U) {}

  bool run() {
    for (int i = 0; i < 3; ++i) start();
    for (int disaster = 0; disaster < 40 && fine_; ++disaster) {
      const std::size_t steps = dice_.below(60);
      for (std::size_t step = 0; step < steps && fine_; ++step) step_somebody();
      happen();
    }
    return fine_ && recover() && settle_accounts();
  }

 private:
  bool alive(const Actor& actor) const { return world_.is_alive(actor.number); }
  bool runs(const Actor& actor) const { return alive(actor) && !actor.stopped && !actor.closed; }

  Actor* any_running() {
    std::vector<Actor*> running;
    for (const auto& actor : actors_) {
      if (runs(*actor)) running.push_back(actor.get());
    }
    return running.empty() ? nullptr : running[dice_.below(running.size())];
  }

  std::size_t count_living() const {
    return static_cast<std::size_t>(
        std::count_if(actors_.begin(), actors_.end(),
                      [this](const auto& actor) { return alive(*actor) && !actor->closing; }));
  }

  void start(bool may_be_controller = true) {
    const auto number = static_cast<std::uint32_t>(100 + actors_.size());
    auto actor = std::make_unique<Actor>(number, world_.start_process(number));
    EndpointOptions options;
    options.membership.identifier = "simulation";
    const std::string name = "e" + std::to_string(number);
    const std::string_view label[] = {name, "everybody"};
    options.membership.label = Label::create(label).take();
    options.membership.controller_affinity = may_be_controller;
    options.join.ring_bytes = 16U << 10U;
    options.join.queue_bytes = 32U << 10U;
    options.join.timeout_ms = 3'600'000;
    options.regions = &actor->regions;
    auto endpoint = Endpoint::create(actor->platform, std::move(options));
    if (!CHECK(endpoint.ok())) {
      fine_ = false;
      return;
    }
    actor->endpoint = endpoint.take();
    actor->endpoint->start_without_thread();
    actor->endpoint->report_undelivered(true);
    actor->any = actor->endpoint->add_route(leaf("everybody"), true, true);
    actor->all = actor->endpoint->add_route(leaf("everybody"), false, dice_.below(2) == 0);
    actors_.push_back(std::move(actor));
  }

  void step_somebody() {
    if (dice_.below(6) == 0) world_.advance(std::chrono::microseconds(dice_.below(2000)));
    Actor* actor = any_running();
    if (actor == nullptr) return;
    switch (dice_.below(4)) {
      case 0:
        (void)actor->endpoint->serve();
        break;
      case 1:
        send_something(*actor);
        break;
      default:
        (void)take_turn(*actor, 1 + dice_.below(8));
        break;
    }
  }

  void happen() {
    Actor* actor = any_running();
    const std::size_t living = count_living();
    switch (dice_.below(poor_ ? 11 : 8)) {
      case 0:
      case 1:
        if (living < 7) start(dice_.below(5) != 0);
        break;
      case 2:
        if (actor != nullptr && living > 2) kill(*actor);
        break;
      case 3:
        for (const auto& each : actors_) {
          if (living > 2 && runs(*each) && each->endpoint->is_controller()) {
            kill(*each);
            break;
          }
        }
        break;
      case 4:
        if (actor != nullptr) actor->stopped = true;
        break;
      case 5:
        for (const auto& each : actors_) each->stopped = false;
        break;
      case 6:
        if (actor != nullptr && living > 2) {
          actor->closing = true;
          actor->endpoint->hand_back(actor->inbox.size());
          actor->inbox.clear();
          actor->endpoint->close(milliseconds(dice_.below(100)));
        }
        break;
      case 7:
      case 8:
      case 9:
        if (actor != nullptr && poor_) {
          const bool memory = dice_.below(2) == 0;
          actor->platform.fail(0, memory ? Status::OutOfMemory : Status::OutOfDescriptors,
                               1 + dice_.below(dice_.below(3) == 0 ? 60 : 6));
          break;
        }
        [[fallthrough]];
      default:
        world_.advance(milliseconds(dice_.below(500)));
        break;
    }
  }

  void kill(Actor& actor) {
    for (const Kept& kept : actor.inbox) {
      Account* account = kept.refused ? nullptr : account_of(kept.payload);
      if (account != nullptr) ++account->lost;
    }
    actor.inbox.clear();
    world_.kill(actor.number);
  }

  void send_something(Actor& from) {
    if (!from.joined || from.closing) return;
    constexpr std::size_t kSizes[] = {16, 64, 64, 200, 3000, 20000};
    std::vector<std::byte> payload(kSizes[dice_.below(std::size(kSizes))]);
    const Stamp stamp{accounts_.size(), from.number};
    std::memcpy(payload.data(), &stamp, sizeof stamp);
    Account account;
    account.sender = from.number;
    account.address = static_cast<Address>(dice_.below(3));
    SendRequest request;
    switch (account.address) {
      case Address::One:
        account.target = static_cast<std::uint32_t>(100 + dice_.below(actors_.size() + 1));
        request.route = route_to(from, account.target);
        break;
      case Address::Any:
        request.route = from.any;
        break;
      case Address::All:
        request.route = from.all;
        break;
    }
    request.payload = payload;
    const std::vector<std::byte> metadata = metadata_of(stamp.message);
    request.metadata = metadata;
    if (dice_.below(3) == 0) request.ttl_ms = 1 + dice_.below(2000);
    if (dice_.below(4) == 0) request.acknowledge = Acknowledge::Taken;
    const RegionRange ranges[] = {{from.own_region(), 0, kRegionBytes}};
    if (ranges[0].region != nullptr && dice_.below(4) == 0) request.regions = ranges;
    const SendOutcome outcome = from.endpoint->send(request);
    if (dice_.below(3) != 0) from.endpoint->flush_bells();
    if (!outcome.error.ok()) {
      const Status why = outcome.error.status;
      const bool poor = poor_ && is_want(why);
      fine_ = CHECK(why == Status::NoRecipient || why == Status::QueueFull || poor) && fine_;
      return;
    }
    if (outcome.receivers == 0 && request.ttl_ms == 0) return;
    account.receivers = outcome.receivers;
    account.delivery = outcome.delivery;
    account.id = outcome.message_id;
    accounts_.push_back(std::move(account));
  }

  std::uint32_t route_to(Actor& from, std::uint32_t target) {
    const auto known = from.routes.find(target);
    if (known != from.routes.end()) return known->second;
    return from.routes
        .emplace(target, from.endpoint->add_route(leaf("e" + std::to_string(target)), true, false))
        .first->second;
  }

  // As a program on an event loop: sleeps until a bell rings.
  bool take_turn(Actor& actor, std::size_t most) {
    // For messages of the previous turn that have not rung yet.
    actor.endpoint->flush_bells();
    const bool rung = actor.endpoint->collect_bells();
    bool busy = false;
    for (Notice& notice : actor.endpoint->take_notices()) {
      hear(actor, notice);
      busy = true;
    }
    if (actor.closed || (actor.asleep && !rung)) return busy;
    ReceiveBatch batch{.slab = slab_, .messages = std::span(messages_).first(most)};
    actor.endpoint->receive(batch);
    const std::span<ReceivedMessage> rows = std::span(messages_).first(batch.count);
    for (ReceivedMessage& row : rows) {
      const auto payload = std::span(slab_).subspan(row.offset, row.payload_bytes);
      const auto place = row.offset + padded(row.payload_bytes);
      compare(payload, row.header.id, std::span(slab_).subspan(place, row.metadata_bytes));
      keep(actor, row, {payload.begin(), payload.end()});
    }
    actor.endpoint->taken(actor.inbox.size(), rows);
    if (batch.large_bytes != 0) {
      std::vector<std::byte> payload(batch.large_bytes);
      ReceivedMessage row;
      if (actor.endpoint->receive_large(payload, row)) {
        compare(payload, row.header.id, actor.endpoint->last_metadata());
        keep(actor, row, std::move(payload));
        actor.endpoint->taken(actor.inbox.size(), {&row, 1});
      }
    }
    look_at_some(actor, most);
    const bool nothing = batch.count == 0 && batch.large_bytes == 0 && actor.inbox.empty();
    actor.asleep = nothing && actor.endpoint->sleep();
    actor.endpoint->flush_bells();
    return busy || !actor.asleep;
  }

  void keep(Actor& actor, ReceivedMessage& row, std::vector<std::byte> payload) {
    fine_ = actor.hear_of(row.from_id, poor_) && fine_;
    Kept kept{{}, std::move(payload), row.awaited() && dice_.below(6) == 0};
    if (kept.refused) {
      actor.endpoint->settle(row.link_slot, row.position, Status::DecodeFailed);
      Account* account = account_of(kept.payload);
      if (account != nullptr) ++account->refused;
    }
    kept.message.regions = std::exchange(row.regions, {});
    kept.message.regions_lost = row.regions_lost;
    kept.message.header = row.header;
    actor.inbox.push_back(std::move(kept));
  }

  // Finishes each message whose sender waits for it, and sometimes the others.
  void look_at_some(Actor& actor, std::size_t most) {
    bool owes = dice_.below(3) == 0;
    for (std::size_t i = 0; i < most && !actor.inbox.empty(); ++i) {
      Kept kept = std::move(actor.inbox.front());
      actor.inbox.pop_front();
      owes = owes || kept.message.awaited();
      if (!kept.refused) note(actor, kept.message, kept.payload);
    }
    if (owes || actor.inbox.empty()) actor.endpoint->taken(actor.inbox.size());
  }

  void hear(Actor& actor, Notice& notice) {
    if (std::holds_alternative<JoinedNotice>(notice) && !std::exchange(actor.joined, true)) {
      for (const Member& member : actor.endpoint->report_members(true))
        actor.present.insert(member.id);
    }
    if (const auto* peers = std::get_if<PeersNotice>(&notice)) fine_ = actor.hear(*peers) && fine_;
    if (const auto* ended = std::get_if<PeerEndedNotice>(&notice))
      fine_ = actor.hear(*ended) && fine_;
    if (std::holds_alternative<ClosedNotice>(notice)) actor.closed = true;
    if (const auto* delivered = std::get_if<DeliveredNotice>(&notice)) {
      const DeliveryResult& result = delivered->result;
      fine_ = CHECK(actor.deliveries.emplace(result.delivery, result).second) && fine_;
      // One of several receivers may have left before the last of them has the message.
      if (result.delivered == 0 && result.failures.size() == 1)
        fine_ = CHECK(!actor.departed.contains(result.failures[0].peer_id)) && fine_;
    }
    if (const auto* undelivered = std::get_if<UndeliveredNotice>(&notice)) {
      fine_ = CHECK(!actor.departed.contains(undelivered->peer_id)) && fine_;
      Account* account = account_of(undelivered->payload);
      if (account == nullptr) return;
      ++account->undelivered;
      // An endpoint that kept the message for its sender reports no number.
      const bool own = account->sender == actor.number;
      fine_ = CHECK(own || undelivered->message_id == 0) && fine_;
      compare(undelivered->payload, own ? undelivered->message_id : account->id,
              undelivered->metadata);
    }
    if (const auto* refused = std::get_if<RefusedNotice>(&notice)) {
      fine_ = CHECK(poor_ && is_want(refused->error.status)) && fine_;
      actor.closing = true;
      actor.endpoint->close(milliseconds(0));
    }
    // A spill or region that was lost for lack of resources cannot be sent again by a dead sender.
    const auto* violation = std::get_if<ViolationNotice>(&notice);
    const bool lost = poor_ && violation != nullptr && is_want(violation->violation.status);
    fine_ = CHECK(violation == nullptr || lost) && fine_;
  }

  Account* account_of(std::span<const std::byte> payload) {
    Stamp stamp{};
    if (!CHECK(payload.size() >= sizeof stamp)) {
      fine_ = false;
      return nullptr;
    }
    std::memcpy(static_cast<void*>(&stamp), payload.data(), sizeof stamp);
    if (!CHECK(stamp.message < accounts_.size()) ||
        !CHECK_EQ(accounts_[stamp.message].sender, stamp.sender)) {
      fine_ = false;
      return nullptr;
    }
    return &accounts_[stamp.message];
  }

  // What came with a payload is what was sent with it.
  void compare(std::span<const std::byte> payload, std::uint64_t id,
               std::span<const std::byte> metadata) {
    const Account* account = account_of(payload);
    if (account == nullptr) return;
    const auto number = static_cast<std::uint64_t>(account - accounts_.data());
    fine_ = CHECK_EQ(account->id, id) && CHECK(std::ranges::equal(metadata, metadata_of(number))) &&
            fine_;
  }

  void note(Actor& actor, ReceivedMessage& message, std::span<const std::byte> payload) {
    Account* account = account_of(payload);
    if (account == nullptr) return;
    fine_ = CHECK(poor_ || !message.regions_lost) && fine_;
    for (const RegionReference& reference : message.regions)
      fine_ = CHECK(reference.data()[0] == static_cast<std::byte>(account->sender)) && fine_;
    message.regions.clear();
    account->received_by.push_back(actor.number);
    const auto number = static_cast<std::uint64_t>(account - accounts_.data()) + 1;
    if (account->address == Address::One) fine_ = CHECK_EQ(account->target, actor.number) && fine_;
    // Order holds per sender and receiver, except for messages first sent to a receiver that died.
    if (account->address == Address::Any) return;
    std::uint64_t& last = actor.last[{account->sender, account->address}];
    fine_ = CHECK(number > last) && fine_;
    last = number;
  }

  // No more faults; runs every endpoint until nothing is left to do.
  bool recover() {
    start();
    for (const auto& actor : actors_) {
      actor->stopped = false;
      actor->platform.fail(~std::uint64_t{0}, Status::OutOfMemory);
    }
    // A leaving controller waits at most 3 s of these for an answer, and its successor 5 s for
    // listed members that do not come.
    for (int ms = 0; ms < 15000 && fine_; ms += 10) {
      world_.advance(milliseconds(10));
      bool busy = true;
      for (int round = 0; busy && round < 200; ++round) {
        busy = false;
        for (const auto& actor : actors_) {
          if (!runs(*actor)) continue;
          (void)actor->endpoint->serve();
          busy = take_turn(*actor, 64) || busy;
        }
      }
    }
    return fine_;
  }

  bool settle_accounts() {
    std::map<std::uint32_t, const Actor*> by_number;
    for (const auto& actor : actors_) by_number[actor->number] = actor.get();
    for (std::size_t i = 0; i < accounts_.size(); ++i) {
      const Account& account = accounts_[i];
      const Actor& sender = *by_number[account.sender];
      if (is_settled(account, sender, alive(sender) && !sender.closing)) continue;
      CHECK_EQ("accounted for", describe(i));
      return false;
    }
    return std::all_of(actors_.begin(), actors_.end(),
                       [this](const auto& actor) { return !runs(*actor) || actor->is_settled(); });
  }

  std::string describe(std::size_t index) const {
    std::string text = "message " + std::to_string(index) + describe_account(accounts_[index]);
    for (const auto& actor : actors_) {
      const char* state = !alive(*actor) ? " is dead" : actor->closing ? " has left" : " is there";
      text += "; " + std::to_string(actor->number) + state;
    }
    return text;
  }

  Dice dice_;
  LoopbackWorld world_;
  bool poor_;
  std::vector<std::byte> slab_;
  std::array<ReceivedMessage, 64> messages_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<Account> accounts_;
  bool fine_ = true;
};

}  // namespace

TEST(simulation_of_endpoints_with_many_seeds) {
  run_seeds([](std::uint64_t seed) { return EndpointSimulation(seed, false).run(); });
}
TEST(simulation_of_endpoints_on_poor_systems) {
  run_seeds([](std::uint64_t seed) { return EndpointSimulation(seed, true).run(); });
}

}  // namespace busbar::test
