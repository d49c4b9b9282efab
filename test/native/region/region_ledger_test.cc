// The ledger of a region's holders: a random history checked against a simple model, deaths at
// every step, and threads that move references.
#include "core/region/region_ledger.h"

#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "support/check.h"

namespace busbar::test {
namespace {

struct Memory {
  alignas(64) std::array<std::byte, kLedgerBytes> bytes{};
  Memory() { RegionLedger::initialize(bytes.data(), 7, 4096, false); }
};

constexpr std::uint64_t token(int process) {
  return (std::uint64_t{5} << 32U) | static_cast<std::uint64_t>(process + 1);
}

// The operations of processes and links on one ledger, and its expected content.
class History {
 public:
  explicit History(unsigned seed) : random_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      CHECK_EQ(ledger_.total(), expected());
      CHECK_EQ(ledger_.is_free(), expected() == 0);
    }
  }

  void kill_all() {
    for (int process = 0; process < kProcesses; ++process) kill(process);
    (void)ledger_.purge(token(90), [](std::uint64_t) { return false; });
  }

  [[nodiscard]] RegionLedger& ledger() { return ledger_; }

 private:
  static constexpr int kProcesses = 5;

  struct Flight {
    int sender;
    int receiver;
    FlightPath path;
    RegionLedger::Slot slot;
    std::uint32_t count;
  };

  [[nodiscard]] std::uint64_t expected() const {
    std::uint64_t sum = 0;
    for (const auto& [process, held] : held_) sum += held.second;
    for (const Flight& flight : flights_) sum += flight.count;
    return sum;
  }

  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  void step() {
    const int process = pick(kProcesses);
    switch (pick(7)) {
      case 0:
        return hold(process);
      case 1:
        return release(process);
      case 2:
        return open(process, pick(kProcesses));
      case 3:
        return book();
      case 4:
        return land();
      case 5:
        return end_link();
      default:
        if (pick(6) == 0) kill(process);
    }
  }

  RegionLedger::Slot slot_of(int process) {
    const auto found = held_.find(process);
    if (found != held_.end()) return found->second.first;
    const auto slot = ledger_.claim_held(token(process));
    if (!CHECK(slot.ok())) return 0;
    held_[process] = {slot.value(), 0};
    return slot.value();
  }

  void hold(int process) {
    ledger_.add(slot_of(process));
    ++held_[process].second;
  }

  void release(int process) {
    const RegionLedger::Slot slot = slot_of(process);
    std::uint32_t& count = held_[process].second;
    CHECK_EQ(ledger_.subtract(slot), count != 0);
    if (count != 0) --count;
  }

  void open(int sender, int receiver) {
    if (flights_.size() > 20) return;
    const FlightPath path{static_cast<std::uint64_t>(sender + 1), ++links_};
    const auto slot = ledger_.claim_flight(token(sender), token(receiver), path);
    if (CHECK(slot.ok())) flights_.push_back({sender, receiver, path, slot.value(), 0});
  }

  void book() {
    if (flights_.empty()) return;
    Flight& flight = flights_[static_cast<std::size_t>(pick(static_cast<int>(flights_.size())))];
    ledger_.add(flight.slot);
    ++flight.count;
  }

  void land() {
    if (flights_.empty()) return;
    Flight& flight = flights_[static_cast<std::size_t>(pick(static_cast<int>(flights_.size())))];
    const auto found = ledger_.find_flight(flight.path);
    if (!CHECK(found.has_value()) || flight.count == 0) return;
    CHECK_EQ(*found, flight.slot);
    hold(flight.receiver);
    CHECK(ledger_.subtract(*found));
    --flight.count;
  }

  void end_link() {
    if (flights_.empty()) return;
    ledger_.free_slot(flights_.back().slot);
    flights_.pop_back();
  }

  // If the sender dies, the flight belongs to the receiver, which may still read; if both die, it
  // ends.
  void kill(int process) {
    dead_.insert(process);
    (void)ledger_.purge(token(90), [this](std::uint64_t who) {
      for (const int dead : dead_) {
        if (who == token(dead)) return false;
      }
      return true;
    });
    held_.erase(process);
    for (const Flight& flight : flights_) {
      if (flight.sender != process) continue;
      if (flight.receiver == process) continue;
      CHECK(ledger_.find_flight(flight.path).has_value());
      // As its receiver does after reading the ring to the end.
      ledger_.free_slot(flight.slot);
    }
    for (const Flight& flight : flights_) {
      // If the receiver dies, the sender must first bring its messages elsewhere.
      if (flight.receiver == process && flight.sender != process) ledger_.free_slot(flight.slot);
    }
    std::erase_if(flights_, [process](const Flight& flight) {
      return flight.sender == process || flight.receiver == process;
    });
    dead_.erase(process);
  }

  std::mt19937 random_;
  Memory memory_;
  RegionLedger ledger_{memory_.bytes.data()};
  std::map<int, std::pair<RegionLedger::Slot, std::uint32_t>> held_;
  std::vector<Flight> flights_;
  std::set<int> dead_;
  std::uint64_t links_ = 0;
};

}  // namespace

TEST(ledger_counts_as_a_model_does) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    History history(seed);
    history.run(300);
    history.kill_all();
    CHECK(history.ledger().is_free());
    CHECK(history.ledger().holders().empty());
  }
}

TEST(ledger_is_full_at_its_limit_and_empty_again_after_deaths) {
  Memory memory;
  RegionLedger ledger(memory.bytes.data());
  for (std::uint32_t i = 0; i < kLedgerSlots; ++i)
    REQUIRE(ledger.claim_held(token(static_cast<int>(i))).ok());
  CHECK_EQ(ledger.claim_held(token(1)).status(), Status::LimitExceeded);
  CHECK_EQ(ledger.holders().size(), kLedgerSlots);
  CHECK(ledger.purge(token(90), [](std::uint64_t who) { return who == token(3); }));
  CHECK_EQ(ledger.holders().size(), 1);
  CHECK(ledger.claim_held(token(1)).ok());
}

TEST(ledger_purges_a_flight_when_both_ends_are_dead) {
  Memory memory;
  RegionLedger ledger(memory.bytes.data());
  const auto flight = ledger.claim_flight(token(1), token(2), {1, 1});
  REQUIRE(flight.ok());
  ledger.add(flight.value());
  const auto only = [](int alive) {
    return [alive](std::uint64_t who) { return who == token(alive); };
  };
  CHECK(!ledger.purge(token(90), only(1)));
  CHECK(!ledger.purge(token(90), only(2)));
  CHECK_EQ(ledger.total(), 1);
  // The sender left properly: now only the receiver answers for the slot.
  ledger.leave_to_receiver(flight.value());
  CHECK(!ledger.purge(token(90), only(2)));
  CHECK(ledger.purge(token(90), only(1)));
  CHECK(ledger.is_free());
}

TEST(ledger_survives_nonsense) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    Memory memory;
    for (std::size_t at = kLedgerSlotsOffset - 24; at + 8 <= kLedgerBytes; at += 8) {
      const std::uint64_t word = random() % 3 == 0 ? random() : random() % 4;
      std::memcpy(memory.bytes.data() + at, &word, sizeof word);
    }
    RegionLedger ledger(memory.bytes.data());
    (void)ledger.total();
    (void)ledger.is_free();
    CHECK(ledger.holders().size() <= 2 * kLedgerSlots);
    const auto slot = ledger.claim_held(token(1));
    if (slot) {
      ledger.add(slot.value());
      (void)ledger.subtract(slot.value());
    }
    (void)ledger.find_flight({random() % 4, random() % 4});
    (void)ledger.purge(token(1), [](std::uint64_t who) { return who == token(1); });
  }
  Memory memory;
  RegionLedger ledger(memory.bytes.data());
  CHECK(ledger.verify(7, 4096));
  CHECK(!ledger.verify(8, 4096));
  CHECK(!ledger.verify(7, 8192));
  memory.bytes[0] = std::byte{0};
  CHECK(!ledger.verify(7, 4096));
}

// One reference moves round between slots, as a frame does between processes. A sum never misses
// it.
TEST(ledger_is_never_free_while_a_reference_moves) {
  Memory memory;
  RegionLedger ledger(memory.bytes.data());
  constexpr int kHands = 4;
  std::array<RegionLedger::Slot, kHands> slots{};
  for (int i = 0; i < kHands; ++i) slots.at(i) = ledger.claim_held(token(i)).value();
  ledger.add(slots[0]);
  std::atomic<bool> done{false};
  std::thread mover([&] {
    for (int turn = 0; !done.load(); ++turn) {
      // Both against and along the order in which a sum reads the slots.
      const int from = turn % kHands;
      ledger.add(slots.at((from + 1) % kHands));
      (void)ledger.subtract(slots.at(from));
    }
  });
  int seen_free = 0;
  for (int i = 0; i < 200'000; ++i) seen_free += ledger.is_free() ? 1 : 0;
  done = true;
  mover.join();
  CHECK_EQ(seen_free, 0);
  CHECK_EQ(ledger.total(), 1);
}

}  // namespace busbar::test
