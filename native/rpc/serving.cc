// What is served by a session, and what its members use of it.
#include <random>

#include "rpc/core.h"

namespace busbar::rpc::detail {

// --- answers without a call ---

void Core::refuse(Locked& locked, const busbar_message_info& info, const Error& error) {
  const Codec codec = answer_codec(info);
  (void)post_answer(locked, info.from_id, info.id, answer_format(BUSBAR_RPC_ERROR, codec),
                    error_body(codec, error));
}

void Core::busy(Locked& locked, const busbar_message_info& info, const Service& service) {
  Writer out(answer_codec(info));
  out.begin_map(2);
  out.key("load");
  out.integer(std::uint64_t{service.running + service.queued.size()});
  out.key("leaving");
  out.boolean(service.leaving);
  out.end();
  (void)post_answer(locked, info.from_id, info.id,
                    answer_format(BUSBAR_RPC_BUSY, answer_codec(info)), {std::move(out.out), {}});
}

// --- subscriptions ---

void Core::subscribe(Locked& locked, const busbar_message_info& info, ServedMember& member,
                     const std::shared_ptr<Service>& service) {
  CallerRecord& record = callers_[info.from_id];
  if (service->leaving ||
      record.subscriptions.size() >= service->options.subscriptions_per_caller) {
    busy(locked, info, *service);
    return;
  }
  if (member.kind == ServedMember::Kind::method) {
    refuse(locked, info, Error{"UNKNOWN_METHOD", "this member cannot be used that way"});
    return;
  }
  if (!record.subscriptions.emplace(info.id, std::make_pair(&member, service)).second) return;
  Subscribers& subscribers = service->subscribers[&member];
  ++subscribers.peers[info.from_id];
  subscribers.prepared = nullptr;
  // The answer says that it is in force, and has the value of a property.
  Writer out(answer_codec(info));
  member.write_state(out);
  (void)post_answer(locked, info.from_id, info.id,
                    answer_format(BUSBAR_RPC_ITEM, answer_codec(info)), {std::move(out.out), {}});
}

void Core::end_subscription(Locked& locked, CallerRecord& record, std::uint64_t id) {
  (void)locked;
  const auto found = record.subscriptions.find(id);
  if (found == record.subscriptions.end()) return;
  const auto [member, service] = found->second;
  record.subscriptions.erase(found);
  Subscribers& subscribers = service->subscribers[member];
  for (const auto& [peer, each] : callers_) {
    if (&each != &record) continue;
    const auto count = subscribers.peers.find(peer);
    if (count == subscribers.peers.end() || --count->second > 0) break;
    subscribers.peers.erase(count);
    subscribers.prepared = nullptr;
    break;
  }
}

void Core::emit(Service& service, const ServedMember& member, const Encoded& body,
                bool newest_only) {
  const Locked locked(*this);
  if (port_ == nullptr) return;
  // With a key, a slow watcher gets the newest value only.
  port_->emit(service.subscribers[&member], member.member.type,
              answer_format(BUSBAR_RPC_EMISSION, Codec::messagepack), body,
              newest_only ? member.member.name.c_str() : nullptr);
}

// --- services ---

// The label of the endpoint, as its services need it. Waits for others to see it.
Status Core::relabel() {
  const std::lock_guard<std::mutex> one_at_a_time(relabelling_);
  std::vector<std::string> label;
  std::vector<Offered> offers;
  std::shared_ptr<Port> port;
  {
    const Locked locked(*this);
    if (port_ == nullptr) return Status(BUSBAR_CLOSED);
    port = port_;
    label = label_;
    for (const auto& service : services_) {
      if (service->leaving) continue;
      label.insert(label.end(), service->options.label.begin(), service->options.label.end());
      label.push_back(service->interface_name);
      label.push_back(service->label);
      offers.push_back({service->interface_name, version_of(*service)});
    }
  }
  std::sort(label.begin(), label.end());
  label.erase(std::unique(label.begin(), label.end()), label.end());
  const Status status = port->relabel(label, offers);
  // What it was told meanwhile is for the session's thread.
  const Locked locked(*this);
  wake();
  return status;
}

Status Core::serve(Server&, const std::shared_ptr<Service>& service) {
  {
    const Locked locked(*this);
    if (ended_ || closing_) return Status(BUSBAR_CLOSED);
    for (const ServedMember* member : service->members) {
      if (handlers_.count(type_of(member->member.type)) != 0)
        return Status(BUSBAR_INVALID_ARGUMENT);
    }
    if (service->is_served.exchange(true)) return Status(BUSBAR_INVALID_ARGUMENT);
    service->leaving = false;
    service->core = weak_from_this();
    service->served_at = Clock::now();
    for (ServedMember* member : service->members) {
      handlers_[type_of(member->member.type)] = {member, service};
    }
    services_.push_back(service);
  }
  const Status status = relabel();
  if (!status) remove(*service, std::chrono::milliseconds(0));
  return status;
}

void Core::remove(Service& service, std::chrono::milliseconds linger) {
  {
    const Locked locked(*this);
    if (!service.is_served || service.leaving) return;
    service.leaving = true;
  }
  // Calls that still come are answered with `busy`, and go elsewhere.
  (void)relabel();
  std::vector<ServedPtr> calls;
  Locked locked(*this);
  if (!on_own_thread()) {
    serving_changed_.wait_for(locked.lock(), linger, [&] {
      return ended_ || (service.running == 0 && service.queued.empty());
    });
  }
  for (const ServedMember* member : service.members) {
    handlers_.erase(type_of(member->member.type));
  }
  for (auto& [peer, record] : callers_) {
    for (const auto& [id, call] : record.calls) {
      if (call->service.get() == &service) calls.push_back(call);
    }
    std::vector<std::uint64_t> subscriptions;
    for (const auto& [id, what] : record.subscriptions) {
      if (what.second.get() == &service) subscriptions.push_back(id);
    }
    for (const std::uint64_t id : subscriptions) {
      end_subscription(locked, record, id);
      // Its subscribers go to another server.
      (void)post(peer, busbar_rpc_answer_type(), answer_format(BUSBAR_RPC_END, Codec::messagepack),
                 id, {std::string("\xC0", 1), {}}, {});
    }
  }
  for (const ServedPtr& call : calls) {
    abort(locked, *call, Error{"CANCELLED", "the service was closed"});
    locked.keep(call);
  }
  const auto at = std::find_if(services_.begin(), services_.end(),
                               [&](const auto& each) { return each.get() == &service; });
  if (at != services_.end()) {
    locked.keep(*at);
    services_.erase(at);
  }
  // Its members may be destroyed once no method runs.
  if (!on_own_thread()) {
    serving_changed_.wait(locked.lock(), [&] { return ended_ || !service.invoking; });
  }
  service.is_served = false;
}

void Core::end_stream(ServedCall& call, OutgoingStream& stream) {
  Locked locked(*this);
  if (stream.error) {
    fail(locked, call, *stream.error);
  } else {
    answer(locked, call, BUSBAR_RPC_END, std::move(stream.result).value_or(Encoded{}));
  }
  locked.keep(stream.stop());
  if (call.released) {
    done(locked, call);
  } else {
    free_place(call);
  }
}

// --- what templates call ---

std::uint64_t first_version() {
  static std::mutex mutex;
  static std::mt19937_64 random{std::random_device{}()};
  const std::lock_guard<std::mutex> lock(mutex);
  return ((random() & 0x7FFF'FFFFU) << 20U) + 1;
}

std::uint64_t peer_of(const ServedCall& call) { return call.info.from_id; }
std::uint32_t pid_of(const ServedCall& call) { return call.info.from_pid; }

std::vector<std::string> label_of(const ServedCall& call) {
  const Core::Locked locked(*call.core);
  return call.message->from_label();
}

Clock::time_point deadline_of(const ServedCall& call) { return call.deadline; }
std::uint32_t attempt_of(const ServedCall& call) { return call.attempt; }
Codec codec_of(const ServedCall& call) { return call.codec; }

bool is_over(const ServedCall& call) {
  const Core::Locked locked(*call.core);
  return call.cancelled;
}

void on_cancel(ServedCall& call, std::function<void()> cancelled) {
  Core::Locked locked(*call.core);
  if (call.cancelled) {
    locked.later(std::move(cancelled));
  } else if (!call.over) {
    call.cancel_hooks.push_back(std::move(cancelled));
  }
}

void answer(ServedCall& call, std::uint32_t kind, Encoded payload) {
  Core::Locked locked(*call.core);
  if (call.over) return;
  locked.keep(call.shared_from_this());
  call.core->answer(locked, call, kind, std::move(payload));
  call.core->free_place(call);
}

namespace {

// What the caller gets of an error that its method made. Calls the program.
Error checked(ServedCall& call, const Error& error) {
  const bool is_declared = error.has_data() && call.member.declares(error.code);
  const bool is_layers = error.code == "INVALID_ARGUMENT" || error.code == "UNKNOWN_METHOD" ||
                         error.code == "CONFLICT" || error.code == "CANCELLED" ||
                         error.code == "INVALID_RESULT";
  const bool is_unexpected = !is_declared && (!is_layers || error.code == "INVALID_RESULT");
  if (is_unexpected) call.core->count_failure(call.member);
  if (is_unexpected && call.service->options.on_error)
    call.service->options.on_error(call.member.member.name, error);
  if (is_declared || (is_layers && !error.has_data())) return error;
  const bool tell = call.service->options.error_messages && !error.message.empty();
  return {"HANDLER_FAILED", tell ? error.message : call.member.member.name + " failed"};
}

}  // namespace

void fail(ServedCall& call, const Error& error) {
  if (is_over(call)) return;
  const Error told = checked(call, error);
  Core::Locked locked(*call.core);
  if (call.over) return;
  locked.keep(call.shared_from_this());
  call.core->fail(locked, call, told);
  call.core->free_place(call);
}

void release(ServedCall& call) { call.core->release(call); }

std::shared_ptr<OutgoingStream> make_output(ServedCall& call) {
  Core::Locked locked(*call.core);
  if (call.output != nullptr) return call.output;
  auto stream =
      std::make_shared<OutgoingStream>(call.core, call.codec, call.credit_items, call.credit_bytes);
  stream->served = call.weak_from_this();
  stream->peer = call.info.from_id;
  stream->id = call.info.id;
  stream->stopped = call.over;
  call.output = stream;
  return stream;
}

void end_output(ServedCall& call, OutgoingStream& stream, Encoded payload) {
  const Core::Locked locked(*call.core);
  if (stream.finished || stream.stopped) return;
  stream.result = std::move(payload);
  stream.finished = true;
  stream.flush();
}

void fail_output(ServedCall& call, OutgoingStream& stream, const Error& error) {
  if (is_over(call)) return;
  const Error told = checked(call, error);
  const Core::Locked locked(*call.core);
  if (stream.finished || stream.stopped) return;
  stream.error = told;
  stream.finished = true;
  stream.flush();
}

void set_input(ServedCall& call, const std::shared_ptr<ServedInputBase>& input) {
  std::vector<std::pair<Arrived, busbar_message_info>> early;
  bool ended = false;
  std::optional<Error> end;
  {
    const Core::Locked locked(*call.core);
    if (call.input != nullptr) return;
    ended = call.input_ended;
    end = call.input_end;
    if (!ended) call.input = input;
    early.swap(call.early_input);
  }
  for (auto& [message, info] : early) call.core->give_input(call, *input, message, info);
  if (ended) input->end(std::move(end));
}

void grant_input(ServedCall& call, std::size_t items, std::size_t bytes) {
  Core::Locked locked(*call.core);
  if (call.over) return;
  call.core->post_credit(locked, call.info.from_id, call.info.id, 0, items, bytes);
}

}  // namespace busbar::rpc::detail

namespace busbar::rpc {

Server::Server(const char* interface_name, std::uint32_t major)
    : service_(std::make_shared<detail::Service>(interface_name, major)) {}

Server::~Server() { close(std::chrono::milliseconds(0)); }

void Server::close(std::chrono::milliseconds linger) {
  if (const auto core = service_->core.lock()) core->remove(*service_, linger);
}

void Server::describe(const char* part) { service_->model += part; }

ServedMember::ServedMember(Server* server, const char* name, Kind its_kind)
    : kind(its_kind),
      member(server->service_->interface_name.c_str(), server->service_->major, name),
      service_(server->service_.get()) {
  service_->members.push_back(this);
}

void ServedMember::leave() {
  if (const auto core = service_->core.lock())
    core->remove(*service_, std::chrono::milliseconds(0));
}

void ServedMember::emit(const detail::Encoded& payload, bool newest_only) {
  if (const auto core = service_->core.lock()) core->emit(*service_, *this, payload, newest_only);
}

Status Session::serve(Server& server, ServeOptions options) {
  if (server.service_->is_served) return Status(BUSBAR_INVALID_ARGUMENT);
  server.service_->options = std::move(options);
  return core_->serve(server, server.service_);
}

}  // namespace busbar::rpc
