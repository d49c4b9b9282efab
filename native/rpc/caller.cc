// The calling half of a session: chooses a server for each call, finds the call of each answer, and
// decides what becomes of the calls of a server that is gone.
#include "rpc/core.h"

namespace busbar::rpc::detail {

namespace {

// A call is sent at most this often; the number has 8 bits.
constexpr std::uint32_t kMaxAttempts = 255;
// Conditions that are remembered.
constexpr std::size_t kMaxTargets = 256;

Error refusal_of(const PendingCall& call) {
  if (call.refusal) return *call.refusal;
  return {"NO_RECIPIENT", "no server took " + call.member.name, Executed::no, call.last_peer};
}

// A call with input may go elsewhere only until the server has answered the first of it.
bool can_restart(const PendingCall& call) {
  return call.input == nullptr || call.input->can_restart();
}

bool was_tried(const PendingCall& call, std::uint64_t peer) {
  return std::find(call.tried.begin(), call.tried.end(), peer) != call.tried.end();
}

}  // namespace

Member::Member(const char* its_interface, std::uint32_t major, const char* its_name)
    : interface_name(its_interface),
      label(interface_name + "/" + std::to_string(major)),
      name(its_name),
      type(busbar_rpc_member_type(label.c_str(), its_name)) {}

Member::Member(const Member& of_interface, const char* its_name, const busbar_uuid& its_type)
    : interface_name(of_interface.interface_name),
      label(of_interface.label),
      name(its_name),
      type(its_type) {}

PendingCall::PendingCall(std::shared_ptr<Core> its_core, std::shared_ptr<const Member> its_member,
                         std::uint32_t its_kind)
    : core(std::move(its_core)), shared_member(std::move(its_member)), kind(its_kind) {}

void Core::start(const CallPtr& call) {
  Locked locked(*this);
  if (call->settled) return;
  if (ended_ || closing_) {
    finish(locked, *call,
           Error{"CLOSED", call->member.name + ": the session is closed", Executed::no});
    return;
  }
  if (call->deadline != Clock::time_point::max()) {
    call->expiry = deadlines_.emplace(call->deadline, [this, weak = std::weak_ptr(call)] {
      if (const CallPtr due = weak.lock()) expired(due);
    });
    call->armed = true;
    if (sleeping_ && call->deadline < sleeping_until_) wake();
  }
  place(locked, call);
}

void Core::cancel(PendingCall& call, const Error& error) {
  Locked locked(*this);
  if (call.settled) return;
  send_cancel(locked, call);
  Error told = error;
  if (told.peer_id == 0) told.peer_id = call.peer;
  if (call.peer == 0 && told.executed == Executed::maybe) told.executed = Executed::no;
  finish(locked, call, told);
}

std::vector<std::uint64_t> Core::candidates(const std::string& label, const std::string& to) {
  const Locked locked(*this);
  const auto found = target(label, to, nullptr);
  if (found == nullptr) return {};
  return peers_of(*found);
}

std::shared_ptr<Target> Core::target(const std::string& label, const std::string& to,
                                     Error* error) {
  const std::string key = to.empty() ? label : label + '\n' + to;
  const auto found = targets_.find(key);
  if (found != targets_.end()) return found->second;
  std::string problem;
  const std::shared_ptr<Target> made =
      port_ == nullptr ? nullptr : port_->target(label, to, problem);
  if (made == nullptr) {
    if (error != nullptr) *error = Error{"INVALID_ARGUMENT", problem, Executed::no};
    return nullptr;
  }
  if (targets_.size() >= kMaxTargets) targets_.clear();
  return targets_[key] = made;
}

const std::vector<std::uint64_t>& Core::peers_of(Target& target) {
  // An empty answer is not kept: a server may have joined before this process hears of it.
  if (!target.peers.empty() || port_ == nullptr) return target.peers;
  port_->find_peers(target);
  auto& peers = target.peers;
  peers.erase(std::remove_if(peers.begin(), peers.end(),
                             [&](std::uint64_t peer) { return cut_off_.count(peer) != 0; }),
              peers.end());
  return peers;
}

// 0: all that match were tried.
std::uint64_t Core::choose(PendingCall& call, const std::vector<std::uint64_t>& peers) {
  if (call.affinity != nullptr && *call.affinity != 0 && !was_tried(call, *call.affinity) &&
      std::find(peers.begin(), peers.end(), *call.affinity) != peers.end()) {
    return *call.affinity;
  }
  std::uint64_t best = 0;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  // Ties go round-robin.
  const std::size_t first = turn_++;
  for (std::size_t count = 0; count < peers.size(); ++count) {
    const std::uint64_t peer = peers[(first + count) % peers.size()];
    if (was_tried(call, peer)) continue;
    const auto load = loads_.find(peer);
    const std::size_t calls = load == loads_.end() ? 0 : load->second;
    if (calls >= least) continue;
    best = peer;
    least = calls;
  }
  return best;
}

void Core::place(Locked& locked, const CallPtr& call) {
  bool refreshed = false;
  for (;;) {
    std::uint64_t peer = call->only;
    if (peer != 0) {
      if (was_tried(*call, peer)) {
        finish(locked, *call,
               call->refusal.value_or(Error{"PEER_GONE",
                                            "the server left before it had " + call->member.name,
                                            Executed::no, peer}));
        return;
      }
    } else {
      Error error;
      const auto found = target(call->member.label, call->to, &error);
      if (found == nullptr) {
        finish(locked, *call, error);
        return;
      }
      const auto& peers = peers_of(*found);
      peer = choose(*call, peers);
      if (peer == 0) {
        if (!refreshed && !peers.empty()) {
          // Another server may have joined before this process hears of it.
          refreshed = true;
          found->peers.clear();
          continue;
        }
        if (peers.empty() || (call->is_watch() && !call->refusal)) {
          // One may come, and those that were tried may take it again once members change.
          call->tried.clear();
          waiting_.insert(call);
        } else {
          finish(locked, *call, refusal_of(*call));
        }
        return;
      }
    }
    const Posted outcome = post_call(locked, call, peer);
    if (outcome != kGone) return;
    for (const auto& [key, each] : targets_) each->peers.clear();
    call->tried.push_back(peer);
  }
}

Posted Core::post_call(Locked& locked, const CallPtr& call, std::uint64_t peer) {
  busbar_rpc_metadata fields{};
  if (call->deadline != Clock::time_point::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(call->deadline - Clock::now());
    fields.has_deadline = 1;
    fields.deadline_ms = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(left.count(), 0, std::numeric_limits<std::uint32_t>::max()));
  }
  fields.credit_items = call->credit_items;
  fields.credit_bytes = call->credit_bytes;
  fields.attempt = static_cast<std::uint8_t>(call->attempt);
  std::array<std::uint8_t, 240> written{};
  const std::size_t size = write_with_trace(fields, call->trace.get(), written);
  const std::uint16_t format = busbar_rpc_format(
      call->kind, static_cast<std::uint32_t>(call->codec), BUSBAR_RPC_EXPECTS_ANSWER);
  const Posted outcome = post(peer, call->member.type, format, 0, call->request,
                              {reinterpret_cast<const std::byte*>(written.data()), size});
  if (outcome == kGone) return kGone;
  call->last_peer = peer;
  if (call->affinity != nullptr) *call->affinity = peer;
  if (outcome == kRefused) {
    finish(locked, *call,
           Error{"INVALID_ARGUMENT", call->member.name + " cannot be sent; it may be too large",
                 Executed::no});
  } else if (outcome == kFull) {
    // Nothing was sent, so its server's death changes nothing.
    held_.emplace(peer, call);
  } else {
    call->peer = peer;
    call->id = static_cast<std::uint64_t>(outcome);
    calls_[call->id] = call;
    ++loads_[peer];
    if (call->is_watch()) watching_[{peer, type_of(call->member.type)}].push_back(call);
    if (call->input != nullptr) call->input->placed(peer, call->id);
  }
  return outcome;
}

// The call is at no server any more.
void Core::leave_server(Locked& locked, PendingCall& call) {
  if (call.id == 0) return;
  const auto found = calls_.find(call.id);
  if (found != calls_.end() && found->second.get() == &call) {
    locked.keep(found->second);
    calls_.erase(found);
  }
  const auto load = loads_.find(call.peer);
  if (load != loads_.end() && --load->second == 0) loads_.erase(load);
  if (call.is_watch()) {
    const auto watching = watching_.find({call.peer, type_of(call.member.type)});
    if (watching != watching_.end()) {
      auto& list = watching->second;
      list.erase(std::remove_if(list.begin(), list.end(),
                                [&](const CallPtr& each) { return each.get() == &call; }),
                 list.end());
      if (list.empty()) watching_.erase(watching);
    }
  }
  if (call.input != nullptr) call.input->peer = 0;
  call.peer = 0;
  call.id = 0;
}

// Over: the core knows it no longer.
void Core::forget(Locked& locked, PendingCall& call) {
  call.settled = true;
  locked.keep(call.shared_from_this());
  if (call.armed) {
    call.armed = false;
    deadlines_.erase(call.expiry);
  }
  if (call.input != nullptr) locked.keep(call.input->stop());
  if (call.id != 0) {
    leave_server(locked, call);
    return;
  }
  waiting_.erase(call.shared_from_this());
  for (auto at = held_.begin(); at != held_.end(); ++at) {
    if (at->second.get() != &call) continue;
    held_.erase(at);
    break;
  }
}

void Core::finish(Locked& locked, PendingCall& call, const Error& error) {
  if (call.settled) return;
  forget(locked, call);
  locked.later([held = call.shared_from_this(), error] { held->failed(error); });
}

void Core::send_cancel(Locked& locked, const PendingCall& call) {
  if (call.id == 0) return;
  (void)post_answer(locked, call.peer, call.id,
                    busbar_rpc_format(BUSBAR_RPC_CANCEL, 0, BUSBAR_RPC_FROM_CALLER), {});
}

// Sends a call to another server: this one surely did not execute it, or it is idempotent.
void Core::again(Locked& locked, const CallPtr& call) {
  const std::uint64_t peer = call->peer;
  const bool was_watching = call->is_watch();
  leave_server(locked, *call);
  call->tried.push_back(peer);
  ++call->attempt;
  if (was_watching) {
    call->attempt = 0;
    locked.later([call] { call->displaced(); });
  }
  if (call->attempt > kMaxAttempts || closing_ || !can_restart(*call)) {
    finish(locked, *call, refusal_of(*call));
    return;
  }
  place(locked, call);
}

void Core::gone(Locked& locked, std::uint64_t peer) {
  caller_gone(locked, peer);
  const auto backlog = backlogs_.find(peer);
  if (backlog != backlogs_.end()) backlogs_.erase(backlog);
  for (const auto& [key, each] : targets_) each->peers.clear();
  room(locked, peer);
  server_gone(locked, peer);
}

void Core::server_gone(Locked& locked, std::uint64_t peer) {
  if (loads_.count(peer) == 0) return;
  std::vector<CallPtr> lost;
  for (const auto& [id, call] : calls_) {
    if (call->peer == peer) lost.push_back(call);
  }
  for (const CallPtr& call : lost) {
    locked.keep(call);
    if (call->settled || call->peer != peer) continue;
    // All that the peer was sent and that was not reported as undelivered, it had.
    const bool may_run_twice = call->idempotent || call->is_watch();
    if (may_run_twice && call->only == 0 && can_restart(*call)) {
      again(locked, call);
    } else {
      finish(locked, *call,
             Error{"PEER_GONE", "the server that had " + call->member.name + " is gone",
                   Executed::maybe, peer});
    }
  }
}

void Core::members_changed(Locked& locked) {
  for (const auto& [key, each] : targets_) each->peers.clear();
  if (waiting_.empty()) return;
  std::set<CallPtr> waiting;
  waiting.swap(waiting_);
  for (const CallPtr& call : waiting) {
    if (!call->settled) place(locked, call);
    locked.keep(call);
  }
}

void Core::expired(const CallPtr& call) {
  Locked locked(*this);
  if (call->settled) return;
  if (call->peer == 0) {
    finish(locked, *call,
           Error{"NO_RECIPIENT", "no server took " + call->member.name + " before the deadline",
                 Executed::no, call->last_peer});
    return;
  }
  const std::uint64_t peer = call->peer;
  send_cancel(locked, *call);
  finish(locked, *call,
         Error{"DEADLINE", call->member.name + " did not return before its deadline",
               Executed::maybe, peer});
}

}  // namespace busbar::rpc::detail
