// What an endpoint is made with.
#pragma once

#include "base/join_options.h"
#include "core/membership/membership.h"
#include "core/region/region_table.h"

namespace busbar {

struct EndpointOptions {
  MembershipConfig membership;
  // The limits of the bus among them are those of `membership` from Endpoint::create() on.
  // `timeout_ms` is how long joining may take; RefusedNotice with Timeout afterwards.
  JoinOptions join;
  // The program notes each message that it gets in Endpoint::seen_word(), so that those it has not
  // got when it is killed go to another receiver. Without, all that was received counts as got.
  bool keeps_seen = false;
  // The memory regions of this process; outlives the endpoint.
  RegionTable* regions = nullptr;
};

}  // namespace busbar
