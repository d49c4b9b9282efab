// Contract: one name, one holder; freed at death, handed over without a gap.
#include "platform/platform_contract.h"

namespace {

using namespace busbar;
using namespace contract;

}  // namespace

CONTRACT(rendezvous_without_holder_says_so) {
  auto rendezvous = open(subject.here(), unique_identifier(subject.here()));
  CHECK_EQ(rendezvous->connect().status(), Status::NoController);
}

ROLE(visits) {
  auto channel = open(there, argument)->connect();
  if (!CHECK(channel.ok())) return {};
  CHECK(send_text(*channel.value(), std::to_string(channel.value()->peer().pid)).ok());
  return {std::shared_ptr<void>(channel.take())};
}

CONTRACT(rendezvous_connects_claimant_and_visitor) {
  Platform& here = subject.here();
  const std::string identifier = unique_identifier(here);
  auto rendezvous = open(here, identifier);
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  CHECK(listener.value()->holds_name());
  CHECK_EQ(listener.value()->accept().status(), Status::WouldBlock);

  Child visitor = subject.spawn("visits", identifier);
  auto accepted = accept_next(here, *listener.value());
  REQUIRE(accepted.ok());
  CHECK_EQ(accepted.value()->peer().pid, visitor.pid);
  CHECK_EQ(accepted.value()->peer().user, here.self().user);
  // The visitor reports which peer it saw.
  CHECK_EQ(receive_text(here, *accepted.value()), std::to_string(here.self().pid));
}

CONTRACT(rendezvous_refuses_a_second_claim) {
  Platform& here = subject.here();
  const std::string identifier = unique_identifier(here);
  auto listener = open(here, identifier)->claim();
  REQUIRE(listener.ok());
  CHECK_EQ(open(here, identifier)->claim().status(), Status::WouldBlock);
  CHECK(listener.value()->holds_name());
  CHECK(open(here, identifier)->connect().ok());
}

CONTRACT(rendezvous_tells_leaving_from_dying) {
  Platform& here = subject.here();
  auto rendezvous = open(here, unique_identifier(here));
  {
    auto listener = rendezvous->claim();
    REQUIRE(listener.ok());
  }
  CHECK_EQ(rendezvous->connect().status(), Status::PeerGone);
  auto next = rendezvous->claim();
  REQUIRE(next.ok());
  next.value()->release_name(true);
  CHECK(!next.value()->holds_name());
  CHECK_EQ(rendezvous->connect().status(), Status::NoController);
  next.value()->release_name(true);
  auto last = rendezvous->claim();
  REQUIRE(last.ok());
  // The holder that left can no longer release the name.
  next.value()->release_name(true);
  CHECK(last.value()->holds_name());
  CHECK(rendezvous->connect().ok());
}

CONTRACT(rendezvous_breaks_waiting_connections_when_the_door_closes) {
  Platform& here = subject.here();
  auto rendezvous = open(here, unique_identifier(here));
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  auto visitor = rendezvous->connect();
  REQUIRE(visitor.ok());
  CHECK(send_text(*visitor.value(), "unheard").ok());
  listener.take().reset();
  CHECK_EQ(receive_next(here, *visitor.value()).status(), Status::PeerGone);
}

CONTRACT(rendezvous_has_one_winner_among_racers) {
  for (int round = 0; round < 5; ++round) {
    const std::string identifier = unique_identifier(subject.here());
    CHECK_EQ(subject.race(identifier, 6), 1);
    subject.kill_racers();
    // Again, now that the name leads to a dead holder.
    CHECK_EQ(subject.race(identifier, 6), 1);
    subject.kill_racers();
  }
}

ROLE(holds_the_name) {
  auto listener = open(there, argument)->claim();
  CHECK(listener.ok());
  CHECK(send_text(parent, "claimed").ok());
  return {std::shared_ptr<void>(listener.take())};
}

CONTRACT(rendezvous_is_freed_by_death) {
  Platform& here = subject.here();
  const std::string identifier = unique_identifier(here);
  Child holder = subject.spawn("holds_the_name", identifier);
  REQUIRE_EQ(receive_text(here, *holder.channel), "claimed");
  auto rendezvous = open(here, identifier);
  auto member = rendezvous->connect();
  REQUIRE(member.ok());
  CHECK_EQ(member.value()->peer().pid, holder.pid);
  CHECK_EQ(rendezvous->claim().status(), Status::WouldBlock);

  subject.kill(holder);
  CHECK_EQ(receive_next(here, *member.value()).status(), Status::PeerGone);
  CHECK_EQ(rendezvous->connect().status(), Status::PeerGone);
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  CHECK(rendezvous->connect().ok());
}

ROLE(hands_over) {
  auto listener = open(there, argument)->claim();
  if (!CHECK(listener.ok())) return {};
  auto door = listener.value()->share();
  if (!CHECK(door.ok())) return {};
  CHECK(send_text(parent, "yours", {&door.value()}).ok());
  return {std::shared_ptr<void>(listener.take())};
}

CONTRACT(rendezvous_door_stays_open_for_a_successor) {
  Platform& here = subject.here();
  const std::string identifier = unique_identifier(here);
  Child predecessor = subject.spawn("hands_over", identifier);
  auto handover = receive_next(here, *predecessor.channel);
  REQUIRE(handover.ok());
  REQUIRE_EQ(handover.value().handles.size(), 1);
  auto rendezvous = open(here, identifier);
  auto before = rendezvous->connect();
  REQUIRE(before.ok());
  CHECK_EQ(before.value()->peer().pid, predecessor.pid);

  // Its door stays open while we hold a handle; it closes once we have taken the name and closed
  // it.
  const std::uint64_t holder = rendezvous->holder();
  subject.kill(predecessor);
  CHECK_EQ(receive_next(here, *predecessor.channel).status(), Status::PeerGone);
  CHECK_EQ(rendezvous->holder(), holder);
  CHECK_EQ(rendezvous->claim().status(), Status::WouldBlock);
  auto successor = rendezvous->depose(holder);
  REQUIRE(successor.ok());
  CHECK(successor.value()->holds_name());
  CHECK(rendezvous->holder() != holder);
  handover.value().handles.clear();
  CHECK_EQ(receive_next(here, *before.value()).status(), Status::PeerGone);

  auto after = rendezvous->connect();
  REQUIRE(after.ok());
  CHECK_EQ(after.value()->peer().pid, here.self().pid);
  CHECK(send_text(*after.value(), "after").ok());
  auto visitor = accept_next(here, *successor.value());
  REQUIRE(visitor.ok());
  CHECK_EQ(receive_text(here, *visitor.value()), "after");
}

ROLE(begins_a_generation) {
  auto listener = open(there, argument)->claim();
  if (!CHECK(listener.ok())) return {};
  CHECK(send_text(parent, std::to_string(listener.value()->begin_generation(1))).ok());
  return {std::shared_ptr<void>(listener.take())};
}

CONTRACT(rendezvous_numbers_its_holders_across_their_deaths) {
  Platform& here = subject.here();
  const std::string identifier = unique_identifier(here);
  auto rendezvous = open(here, identifier);
  // None of these holders knows of the one before.
  for (std::uint64_t expected = 1; expected <= 3; ++expected) {
    Child holder = subject.spawn("begins_a_generation", identifier);
    CHECK_EQ(receive_text(here, *holder.channel), std::to_string(expected));
    subject.kill(holder);
    subject.reap(holder);
  }
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  // A holder that knows of a higher number continues from there.
  CHECK_EQ(listener.value()->begin_generation(10), 10);
  CHECK_EQ(listener.value()->begin_generation(2), 11);
  // A released bus starts again.
  listener.value()->release_name(true);
  listener = rendezvous->claim();
  REQUIRE(listener.ok());
  CHECK_EQ(listener.value()->begin_generation(1), 1);
  listener.value()->release_name(true);
}

CONTRACT(rendezvous_keeps_similar_names_apart) {
  Platform& here = subject.here();
  const std::string stem = unique_identifier(here) + std::string(60, 'x');
  std::vector<std::unique_ptr<Listener>> listeners;
  for (const char* ending : {"", "y", "/../z", ".sock", "ü", " "}) {
    auto listener = open(here, stem + ending)->claim();
    REQUIRE(listener.ok());
    listeners.push_back(listener.take());
  }
  auto longest = open(here, std::string(128, '/'))->claim();
  REQUIRE(longest.ok());
  for (const auto& listener : listeners) CHECK(listener->holds_name());
}

CONTRACT(rendezvous_numbers_each_holder) {
  Platform& here = subject.here();
  auto rendezvous = open(here, unique_identifier(here));
  CHECK_EQ(rendezvous->holder(), 0);
  auto first = rendezvous->claim();
  REQUIRE(first.ok());
  const std::uint64_t number = rendezvous->holder();
  CHECK(number != 0);
  first.take().reset();
  auto second = rendezvous->claim();
  REQUIRE(second.ok());
  CHECK(rendezvous->holder() != 0);
  CHECK(rendezvous->holder() != number);
}

CONTRACT(rendezvous_takes_the_name_from_one_who_does_not_answer) {
  Platform& here = subject.here();
  auto rendezvous = open(here, unique_identifier(here));
  auto deposed = rendezvous->claim();
  REQUIRE(deposed.ok());
  auto unheard = rendezvous->connect();
  REQUIRE(unheard.ok());
  const std::uint64_t number = rendezvous->holder();
  CHECK_EQ(rendezvous->depose(number + 1).status(), Status::WouldBlock);
  CHECK(deposed.value()->holds_name());

  auto holder = rendezvous->depose(number);
  REQUIRE(holder.ok());
  CHECK(holder.value()->holds_name());
  CHECK(!deposed.value()->holds_name());
  CHECK(rendezvous->holder() != number);
  CHECK_EQ(rendezvous->depose(number).status(), Status::WouldBlock);
  // Connections to the deposed holder still reach it.
  CHECK(deposed.value()->accept().ok());
  auto visitor = rendezvous->connect();
  REQUIRE(visitor.ok());
  CHECK(accept_next(here, *holder.value()).ok());
  deposed.value()->release_name(true);
  CHECK(holder.value()->holds_name());
}

CONTRACT(rendezvous_bell_of_one_deposed_rings_for_all_who_hear_it) {
  Platform& here = subject.here();
  auto rendezvous = open(here, unique_identifier(here));
  CHECK_EQ(rendezvous->open_bell().status(), Status::NoController);
  auto first = rendezvous->claim();
  REQUIRE(first.ok());
  auto one = rendezvous->open_bell();
  auto two = rendezvous->open_bell();
  REQUIRE(one.ok() && two.ok());
  auto reactor = here.create_reactor();
  REQUIRE(reactor.ok());
  REQUIRE(reactor.value()->watch(*one.value(), 1).ok());
  REQUIRE(reactor.value()->watch(*two.value(), 2).ok());
  Readiness ready[4];
  CHECK_EQ(reactor.value()->wait(here.now(), ready), 0);

  auto second = rendezvous->depose(rendezvous->holder());
  REQUIRE(second.ok());
  CHECK_EQ(reactor.value()->wait(here.now(), ready), 2);
  CHECK_EQ(reactor.value()->wait(here.now(), ready), 2);
  auto next = rendezvous->open_bell();
  REQUIRE(next.ok());
  REQUIRE(reactor.value()->watch(*next.value(), 3).ok());
  one.value()->quiet();
  CHECK_EQ(reactor.value()->wait(here.now(), ready), 0);
  next.value()->ring();
  REQUIRE_EQ(reactor.value()->wait(here.now(), ready), 1);
  CHECK_EQ(ready[0].token, 3);
  for (const std::uint64_t token : {1, 2, 3}) reactor.value()->forget(token);
}
