// Frames for the calls made here: results, errors, items, signals and values.
#include "rpc/core.h"

namespace busbar::rpc::detail {

void Core::answered(Arrived& message, const busbar_message_info& info) {
  CallPtr call;
  // A program that knows nothing of calls answers with a type of its own.
  const std::uint32_t kind = busbar_rpc_answer_kind(&info);
  {
    Locked locked(*this);
    const auto found = calls_.find(info.reply_to);
    // Late, never asked for, or about a call of another server.
    if (found == calls_.end() || found->second->peer != info.from_id) return;
    call = found->second;
    if (kind == BUSBAR_RPC_CREDIT) {
      busbar_rpc_metadata fields{};
      if (call->input != nullptr && busbar_rpc_read_metadata(info.metadata, &fields) == BUSBAR_OK) {
        call->input->credited(fields.credit_items, fields.credit_bytes);
      }
      return;
    }
  }
  Frame frame = frame_of(message, info);
  frame.kind = kind;
  if (info.lost != 0) {
    return cancel(
        *call, Error{"INVALID_RESULT", "its objects or regions were lost: no descriptor was free",
                     Executed::yes, frame.peer});
  }
  if (kind == BUSBAR_RPC_BUSY || kind == BUSBAR_RPC_ERROR) {
    const Error error = read_error(*call, frame);
    Locked locked(*this);
    if (call->settled) return;
    // Not executed, and another server may be newer or idle.
    if (kind == BUSBAR_RPC_BUSY || error.code == "UNKNOWN_METHOD" || error.code == "NO_RECIPIENT") {
      call->refusal = error;
      again(locked, call);
    } else {
      finish(locked, *call, error);
    }
    return;
  }
  if (kind == BUSBAR_RPC_MOVED && call->is_watch()) {
    // The other side is a relay that stays, while the server behind it is gone.
    call->displaced();
    return;
  }
  const bool is_item = kind == BUSBAR_RPC_ITEM || kind == BUSBAR_RPC_ITEMS;
  const bool takes_items = call->is_watch() ? kind == BUSBAR_RPC_ITEM : call->credit_items != 0;
  if (is_item ? !takes_items : kind != BUSBAR_RPC_RESULT && kind != BUSBAR_RPC_END) {
    return cancel(*call, Error{"PROTOCOL",
                               call->member.name + " was answered with a frame of kind " +
                                   std::to_string(kind),
                               Executed::maybe, frame.peer});
  }
  if (!is_item) {
    Locked locked(*this);
    if (call->settled) return;
    if (call->is_watch()) {
      // The service is closed: its subscribers go to another server.
      again(locked, call);
      return;
    }
    forget(locked, *call);
  }
  call->received(frame);
}

void Core::emitted(Arrived& message, const busbar_message_info& info) {
  std::vector<CallPtr> watching;
  {
    const Locked locked(*this);
    const auto found = watching_.find({info.from_id, type_of(info.type)});
    if (found == watching_.end()) return;
    watching = found->second;
  }
  for (const CallPtr& call : watching) {
    Frame frame = frame_of(message, info);
    frame.kind = BUSBAR_RPC_EMISSION;
    call->received(frame);
  }
}

// The error in a frame, which a peer wrote. What cannot be read is an error, too.
Error Core::read_error(PendingCall& call, Frame& frame) {
  constexpr std::size_t max_text = 4096;
  Error error{"HANDLER_FAILED", "", Executed::yes, frame.peer};
  std::string code;
  std::string_view data;
  bool leaving = false;
  std::string_view key;
  Reader in(frame.payload, frame.codec, nullptr);
  if (in.begin_map()) {
    while (in.key(key)) {
      bool read = true;
      if (key == "code") {
        read = in.text(code);
      } else if (key == "message") {
        read = in.text(error.message);
      } else if (key == "data") {
        read = in.raw(data);
      } else if (key == "load") {
        read = in.integer(error.load, std::numeric_limits<std::uint32_t>::max());
      } else if (key == "leaving") {
        read = in.boolean(leaving);
      } else {
        read = in.skip();
      }
      if (!read) break;
    }
  }
  const bool is_whole = in.end();
  if (frame.kind == BUSBAR_RPC_BUSY) {
    error.code = "BUSY";
    error.executed = Executed::no;
    error.message =
        call.member.name + " was not executed: the server " +
        (leaving ? "is leaving" : "has " + std::to_string(error.load) + " calls under way");
    return error;
  }
  if (!is_whole) {
    error.message = "the method failed with an error that cannot be read";
    return error;
  }
  if (error.message.size() > max_text) error.message.resize(max_text);
  if (error.message.empty()) error.message = "the method failed";
  // What a server may say. Others, such as PEER_GONE, only this process can know.
  static const std::map<std::string, Executed> known = {
      {"DEADLINE", Executed::maybe},      {"CANCELLED", Executed::maybe},
      {"INVALID_ARGUMENT", Executed::no}, {"INVALID_RESULT", Executed::yes},
      {"UNKNOWN_METHOD", Executed::no},   {"UNSUPPORTED_ATTACHMENT", Executed::yes},
      {"CONFLICT", Executed::no},         {"OVERRUN", Executed::maybe}};
  // What a relay may say besides: it knows what became of the servers behind it.
  static const std::map<std::string, Executed> known_to_relays = {
      {"NO_RECIPIENT", Executed::no},
      {"PEER_GONE", Executed::maybe},
      {"PROTOCOL", Executed::maybe},
      {"UNSUPPORTED_ATTACHMENT", Executed::no}};
  const std::shared_ptr<Port> port = call.core->port();
  const bool is_relay = port != nullptr && port->is_relay(frame.peer);
  for (const auto* const each : {&known_to_relays, &known}) {
    if (each == &known_to_relays && !is_relay) continue;
    const auto found = each->find(code);
    if (found == each->end()) continue;
    error.code = code;
    error.executed = found->second;
    return error;
  }
  error.code = code;
  Frame part;
  part.codec = frame.codec;
  part.payload = data;
  part.attachments = std::move(frame.attachments);
  if (!call.declared(error, part)) error.code = "HANDLER_FAILED";
  return error;
}

// --- what templates call ---

void start(const CallPtr& call, const Options& options) {
  call->to = options.peer != 0 ? "#" + std::to_string(options.peer) : options.to;
  if (options.timeout) call->deadline = Clock::now() + *options.timeout;
  if (options.within != nullptr) {
    // Over a wire a method calls back whoever called it.
    const std::shared_ptr<Port> port = call->core->port();
    if (port != nullptr && port->calls_back() && options.within->core == call->core &&
        call->to.empty()) {
      call->to = "#" + std::to_string(peer_of(*options.within));
    }
    call->deadline = std::min(call->deadline, deadline_of(*options.within));
    call->trace = options.within->trace;
    on_cancel(*options.within, [weak = std::weak_ptr(call)] {
      if (const CallPtr nested = weak.lock())
        cancel(*nested, Error{"CANCELLED", "the call that it was made for is over"});
    });
  }
  call->core->start(call);
}

void cancel(PendingCall& call, const Error& error) { call.core->cancel(call, error); }

std::uint64_t server_of(PendingCall& call) {
  const Core::Locked locked(*call.core);
  return call.peer;
}

void grant(PendingCall& call, std::size_t items, std::size_t bytes) {
  Core::Locked locked(*call.core);
  if (call.id == 0) return;
  call.core->post_credit(locked, call.peer, call.id, BUSBAR_RPC_FROM_CALLER, items, bytes);
}

std::vector<std::uint64_t> candidates(Core& core, const Member& member, const std::string& to) {
  return core.candidates(member.label, to);
}

bool on_own_thread(const Core& core) noexcept { return core.on_own_thread(); }

void defer(Core& core, std::function<void()> task) { core.defer(std::move(task)); }

}  // namespace busbar::rpc::detail
