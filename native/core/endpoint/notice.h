// Notice: what an endpoint's control thread reports to its program. Queued until the program's
// thread takes it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/directory/directory_reader.h"
#include "core/endpoint/deliveries.h"
#include "core/endpoint/receiver.h"
#include "core/membership/membership.h"

namespace busbar {

struct JoinedNotice {
  std::uint64_t id = 0;
};
// Joining has failed, for good.
struct RefusedNotice {
  Error error;
};
struct ControllerNotice {
  ControllerChange change;
};
// The members have changed; only while the program wants reports of members.
struct PeersNotice {
  std::vector<Member> joined;
  std::vector<Member> left;
  // Other endpoints than this one.
  struct Relabelled {
    Member member;
    Label former;
  };
  std::vector<Relabelled> relabelled;

  [[nodiscard]] bool empty() const noexcept {
    return joined.empty() && left.empty() && relabelled.empty();
  }
};
// A peer has left, and the batches that were received by now have all that it had sent; only while
// the program wants reports of members. Comes after the PeersNotice that says that it has left, if
// the program had heard of it at all. It may come again if a link of the peer arrived late.
struct PeerEndedNotice {
  std::uint64_t peer_id = 0;
};
// Every member sees the label of this revision of Endpoint::relabel(), or of a later one.
struct RelabelledNotice {
  std::uint64_t revision = 0;
};
struct DeliveredNotice {
  DeliveryResult result;
};
// All queues to receivers are empty.
struct DrainedNotice {};
// A receiver whose full queue refused a message has room again, or is gone.
struct RoomNotice {
  std::uint64_t peer_id = 0;
};
// Messages that a receiver did not get because it had no room, since the last such notice.
struct DroppedNotice {
  std::uint64_t peer_id = 0;
  std::uint64_t messages = 0;
};
// A receiver was disconnected because it was too slow; this many messages waited for it.
struct DisconnectedNotice {
  std::uint64_t peer_id = 0;
  std::uint64_t messages = 0;
};
// A message that no receiver took, and none will.
struct UndeliveredNotice {
  // 0 when no receiver was chosen.
  std::uint64_t peer_id = 0;
  Status reason = Status::Ok;
  Uuid type;
  std::uint16_t format = 0;
  // As SendOutcome has it; 0 for a message that another member has left with this one.
  std::uint64_t message_id = 0;
  std::vector<std::byte> payload;
  std::vector<std::byte> metadata;
};
struct ViolationNotice {
  Violation violation;
};
// An inbound link is gone; its slot number is never used again.
struct LinkClosedNotice {
  std::uint32_t slot = 0;
};
struct ClosedNotice {
  // Messages given up: still queued at the end of the linger time, or parked without a member to
  // take them over.
  std::uint64_t abandoned = 0;
};

using Notice = std::variant<JoinedNotice, RefusedNotice, ControllerNotice, PeersNotice,
                            DeliveredNotice, DrainedNotice, RoomNotice, DroppedNotice,
                            DisconnectedNotice, UndeliveredNotice, ViolationNotice,
                            LinkClosedNotice, ClosedNotice, RelabelledNotice, PeerEndedNotice>;

}  // namespace busbar
