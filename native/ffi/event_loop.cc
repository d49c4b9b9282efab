// For event loops: the calls that report by events what others wait for.
#include "ffi/objects.h"

using busbar::Acknowledge;
using busbar::ffi::Lock;

namespace busbar::ffi {

void watch(busbar_endpoint& self) {
  if (self.watchers++ == 0) (void)self.endpoint->report_members(true);
}

void unwatch(busbar_endpoint& self) {
  if (--self.watchers == 0) (void)self.endpoint->report_members(false);
}

}  // namespace busbar::ffi

extern "C" {

busbar_status busbar_endpoint_dispatch(busbar_endpoint* endpoint) {
  if (endpoint == nullptr) return BUSBAR_INVALID_ARGUMENT;
  Lock lock(*endpoint->entry);
  busbar::ffi::hear(*endpoint, lock);
  return endpoint->closed ? BUSBAR_CLOSED : BUSBAR_OK;
}

busbar_status busbar_endpoint_start_delivery(busbar_endpoint* endpoint,
                                             const busbar_selector* selector,
                                             const busbar_outgoing* message,
                                             int32_t acknowledgement, uint64_t* out_delivery,
                                             uint32_t* out_receivers) {
  if (endpoint == nullptr || selector == nullptr || out_delivery == nullptr ||
      (acknowledgement != BUSBAR_TAKEN && acknowledgement != BUSBAR_HANDLED)) {
    return BUSBAR_INVALID_ARGUMENT;
  }
  const Lock lock(*endpoint->entry);
  busbar::SendOutcome outcome;
  const busbar_status sent = busbar::ffi::send_locked(
      *endpoint, selector->route, message,
      acknowledgement == BUSBAR_TAKEN ? Acknowledge::Taken : Acknowledge::Handled, outcome);
  if (sent != BUSBAR_OK) return sent;
  // The outcome may be among the notices already, but nobody has taken them: the lock is held.
  if (outcome.delivery != 0) endpoint->reported_deliveries.insert(outcome.delivery);
  *out_delivery = outcome.delivery;
  if (out_receivers != nullptr) *out_receivers = outcome.receivers;
  return BUSBAR_OK;
}

void busbar_endpoint_forget_delivery(busbar_endpoint* endpoint, uint64_t delivery) {
  const Lock lock(*endpoint->entry);
  if (endpoint->reported_deliveries.erase(delivery) != 0)
    endpoint->endpoint->forget_delivery(delivery);
}

void busbar_endpoint_ask_drained(busbar_endpoint* endpoint) {
  const Lock lock(*endpoint->entry);
  endpoint->endpoint->ask_drained();
}

void busbar_endpoint_watch_peers(busbar_endpoint* endpoint, int32_t wanted) {
  const Lock lock(*endpoint->entry);
  if (endpoint->watches_peers == (wanted != 0)) return;
  endpoint->watches_peers = wanted != 0;
  if (wanted == 0) endpoint->endings.clear();
  if (endpoint->watches_peers) {
    busbar::ffi::watch(*endpoint);
  } else {
    busbar::ffi::unwatch(*endpoint);
  }
}

}  // extern "C"
