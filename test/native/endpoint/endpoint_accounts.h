// The simulation's books on each message and each program.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "core/endpoint/endpoint.h"
#include "support/check.h"
#include "support/faulty_platform.h"

namespace busbar::test {

enum class Address : std::uint8_t { One, Any, All };

inline constexpr std::size_t kRegionBytes = 4096;

// The first bytes of every payload.
struct Stamp {
  std::uint64_t message;
  std::uint32_t sender;
};

// The books on one accepted message.
struct Account {
  std::uint32_t sender = 0;
  Address address = Address::One;
  std::uint32_t target = 0;
  std::uint32_t receivers = 0;
  std::uint64_t delivery = 0;
  // As its sender was told.
  std::uint64_t id = 0;
  std::vector<std::uint32_t> received_by;
  std::uint32_t undelivered = 0;
  // Refused by programs that received it.
  std::uint32_t refused = 0;
  // Received by programs that were killed before they handled it.
  std::uint32_t lost = 0;
};

// What is sent beside the payload of message `number`; some have nothing.
inline std::vector<std::byte> metadata_of(std::uint64_t number) {
  const std::uint64_t bytes = number % 4 == 0 ? 0 : number * 37 % kMaxMetadataBytes + 1;
  return std::vector<std::byte>(bytes, static_cast<std::byte>(number));
}

inline std::string describe_account(const Account& account) {
  std::string text =
      " from " + std::to_string(account.sender) + " to " + std::to_string(account.target) + " (" +
      std::to_string(static_cast<int>(account.address)) +
      "): " + std::to_string(account.receivers) + " receivers, undelivered " +
      std::to_string(account.undelivered) + " times, refused " + std::to_string(account.refused) +
      ", lost " + std::to_string(account.lost) + ", received by";
  for (const std::uint32_t receiver : account.received_by) text += ' ' + std::to_string(receiver);
  return text;
}

// A message that a program has received and not yet handled.
struct Kept {
  ReceivedMessage message;
  std::vector<std::byte> payload;
  bool refused = false;
};

struct Actor {
  Actor(std::uint32_t its_number, Platform& process)
      : number(its_number), platform(process), regions(platform) {}

  bool hear(const PeersNotice& changes) {
    bool fine = true;
    for (const Member& member : changes.joined) {
      fine = CHECK(present.insert(member.id).second) && fine;
      departed.erase(member.id);
      ended.erase(member.id);
    }
    for (const Member& member : changes.left) {
      fine = CHECK_EQ(present.erase(member.id), 1) && fine;
      departed.insert(member.id);
    }
    return fine;
  }

  bool hear(const PeerEndedNotice& notice) {
    ended.insert(notice.peer_id);
    return CHECK(!present.contains(notice.peer_id));
  }

  // A message came over a link of this peer. Late: an introduction was lost for want of something
  // and repeated, so that the peer has to end again.
  bool hear_of(std::uint64_t peer_id, bool may_be_late) {
    senders.insert(peer_id);
    return CHECK(ended.erase(peer_id) == 0 || may_be_late);
  }

  // nullptr for want of memory.
  std::shared_ptr<MemoryRegion> own_region() {
    if (region != nullptr) return region;
    auto made = regions.create(kRegionBytes, Access::ReadWrite);
    if (!made) return nullptr;
    region = made.take();
    region->data()[0] = static_cast<std::byte>(number);
    region->release();
    return region;
  }

  // When nothing happens any more: it has heard of everybody, and nobody holds its region.
  bool is_settled() const {
    std::set<std::uint64_t> listed;
    for (const Member& member : endpoint->members()) listed.insert(member.id);
    if (!CHECK(present == listed)) return false;
    for (const std::uint64_t sender : senders) {
      if (!CHECK(listed.contains(sender) || ended.contains(sender))) return false;
    }
    if (region == nullptr) return true;
    (void)region->purge();
    return CHECK_EQ(region->references(), 0);
  }

  std::uint32_t number;
  FaultyPlatform platform;
  RegionTable regions;
  std::unique_ptr<Endpoint> endpoint;
  // Travels with some of the program's messages; its first byte is the program's number.
  std::shared_ptr<MemoryRegion> region;
  bool stopped = false;
  bool joined = false;
  bool closing = false;
  bool closed = false;
  bool asleep = false;
  std::map<std::uint32_t, std::uint32_t> routes;
  std::uint32_t any = 0;
  std::uint32_t all = 0;
  // By sender and address: the last message that came.
  std::map<std::pair<std::uint32_t, Address>, std::uint64_t> last;
  std::map<std::uint64_t, DeliveryResult> deliveries;
  // The members that it heard of, and those of them that are said to have left since: bad news of a
  // member comes before.
  std::set<std::uint64_t> present;
  std::set<std::uint64_t> departed;
  // Those whose messages came, and those of which nothing more is to come.
  std::set<std::uint64_t> senders;
  std::set<std::uint64_t> ended;
  std::deque<Kept> inbox;
};

// Every copy of a message is accounted for, and its delivery is as it was. `stays`: its sender was
// neither killed nor has left.
inline bool is_settled(const Account& account, const Actor& sender, bool stays) {
  const std::size_t received = account.received_by.size();
  const std::size_t told = received + account.undelivered + account.refused + account.lost;
  // Nobody knows the receivers of a multicast that was parked before it had any.
  const bool waited = account.address == Address::All && account.receivers == 0;
  const std::size_t due =
      waited ? std::max<std::size_t>(1, told) : std::max<std::size_t>(1, account.receivers);
  for (const std::uint32_t receiver : account.received_by) {
    if (std::count(account.received_by.begin(), account.received_by.end(), receiver) != 1)
      return false;
  }
  // Messages that a sender held when it died or left may be lost with it.
  if (!stays) return told <= due;
  if (told != due) return false;
  if (account.delivery == 0) return true;
  const auto result = sender.deliveries.find(account.delivery);
  if (result == sender.deliveries.end()) return false;
  return result->second.delivered == received &&
         result->second.failures.size() == account.undelivered + account.refused + account.lost;
}

}  // namespace busbar::test
