// An interface that is served, and the calls that it runs.
#ifndef BUSBAR_RPC_SERVICE_H
#define BUSBAR_RPC_SERVICE_H

#include <array>
#include <deque>
#include <map>

#include "busbar_rpc.hpp"
#include "rpc/outgoing_stream.h"
#include "rpc/port.h"

namespace busbar::rpc::detail {

// The trace that a call belongs to; passed on to the calls made for it, and never looked into.
struct Trace {
  // The trace, and the call as the cause of those made for it.
  busbar_rpc_metadata fields{};
  // `tracestate`.
  std::vector<std::uint8_t> state;
};

// The trace of a call that arrived; null if it has none.
[[nodiscard]] std::shared_ptr<const Trace> trace_of(const busbar_message_info& info,
                                                    const busbar_rpc_metadata& fields);
// Writes `fields` with the trace, if there is one. Returns the bytes written.
[[nodiscard]] std::size_t write_with_trace(busbar_rpc_metadata fields, const Trace* trace,
                                           std::array<std::uint8_t, 240>& out);

// Fields without a remark are guarded by the core's lock.
struct Service {
  Service(const char* its_interface, std::uint32_t its_major)
      : interface_name(its_interface),
        major{its_major},
        label(interface_name + "/" + std::to_string(its_major)) {}

  const std::string interface_name;
  const std::uint32_t major;
  const std::string label;
  // Filled when the server is made, and read from then on: its members, and its model as JSON, if
  // the server has that.
  std::vector<ServedMember*> members;
  std::string model;
  // Set when it is served.
  ServeOptions options;
  std::weak_ptr<Core> core;
  std::atomic<bool> is_served{false};
  Clock::time_point served_at{};

  bool leaving = false;
  std::size_t running = 0;
  std::deque<std::shared_ptr<ServedCall>> queued;
  std::map<const ServedMember*, Subscribers> subscribers;
  // Whether the session's thread is in one of its methods.
  bool invoking = false;
};

class ServedCall : public std::enable_shared_from_this<ServedCall> {
 public:
  ServedCall(std::shared_ptr<Core> its_core, std::shared_ptr<Service> its_service,
             ServedMember& its_member, Arrived its_message, const busbar_message_info& its_info)
      : core(std::move(its_core)),
        service(std::move(its_service)),
        member(its_member),
        info(its_info),
        message(std::move(its_message)) {}

  const std::shared_ptr<Core> core;
  const std::shared_ptr<Service> service;
  ServedMember& member;
  const busbar_message_info info;
  Clock::time_point deadline = Clock::time_point::max();
  Clock::time_point begun_at{};
  std::uint32_t attempt = 0;
  std::shared_ptr<const Trace> trace;
  Codec codec = Codec::messagepack;
  std::uint32_t credit_items = input_items;
  std::uint32_t credit_bytes = input_bytes;

  // Its arguments, until the method has them.
  std::optional<Arrived> message;
  // The caller has its answer, or wants none any more.
  bool over = false;
  // The caller wants none any more.
  bool cancelled = false;
  // The method has begun, and not let go of the call.
  bool running = false;
  // It counts against the concurrency of its service.
  bool takes_place = false;
  bool registered = false;
  bool finished = false;
  // The method has let go of the call.
  bool released = false;
  std::vector<std::function<void()>> cancel_hooks;
  std::shared_ptr<OutgoingStream> output;
  std::shared_ptr<ServedInputBase> input;
  // What arrived before the method began.
  std::vector<std::pair<Arrived, busbar_message_info>> early_input;
  std::size_t early_bytes = 0;
  std::optional<Error> input_end;
  bool input_ended = false;
  bool armed = false;
  PendingCall::Deadlines::iterator expiry;
};

}  // namespace busbar::rpc::detail

#endif
