// The serving half of a session: takes calls in, within limits, runs them, and answers.
#include "rpc/core.h"

namespace busbar::rpc::detail {

Encoded error_body(Codec codec, const Error& error) {
  constexpr std::size_t max_text = 4096;
  Writer out(codec);
  out.begin_map(error.has_data() ? 3 : 2);
  out.key("code");
  out.text(error.code);
  out.key("message");
  // A text that is no UTF-8, or cut within a character, is sent as far as it is.
  std::string_view text = error.message;
  text = text.substr(0, max_text);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80U) != 0) {
    Writer probe(Codec::messagepack);
    probe.text(text);
    if (probe.ok()) break;
    text.remove_suffix(1);
  }
  Writer probe(Codec::messagepack);
  probe.text(text);
  out.text(probe.ok() ? text : std::string_view("the method failed"));
  if (error.has_data()) {
    out.key("data");
    error.write(out);
  }
  out.end();
  if (out.ok()) return {std::move(out.out), std::move(out.attachments)};
  return error_body(codec,
                    Error{"INVALID_RESULT", "the data of " + error.code + ": " + out.problem()});
}

void Core::accept(Arrived message, const busbar_message_info& info) {
  ServedPtr call;
  {
    Locked locked(*this);
    const auto found = handlers_.find(type_of(info.type));
    if (found == handlers_.end()) {
      if (!built_in(locked, info) && (info.format & BUSBAR_RPC_EXPECTS_ANSWER) != 0)
        refuse(locked, info, Error{"UNKNOWN_METHOD", "this type is not served here"});
      return;
    }
    const auto& [member, service] = found->second;
    busbar_rpc_metadata fields{};
    if (busbar_rpc_read_metadata(info.metadata, &fields) != BUSBAR_OK) {
      refuse(locked, info,
             Error{"INVALID_ARGUMENT", "the metadata is malformed, or not understood"});
      return;
    }
    if (info.lost != 0) {
      refuse(locked, info,
             Error{"INVALID_ARGUMENT", "its objects or regions were lost: no descriptor was free"});
      return;
    }
    if (busbar_rpc_kind(info.format) == BUSBAR_RPC_SUBSCRIBE) {
      subscribe(locked, info, *member, service);
      return;
    }
    CallerRecord& record = callers_[info.from_id];
    if (service->leaving || record.calls.size() >= service->options.per_caller ||
        (service->running >= service->options.concurrency &&
         service->queued.size() >= service->options.queue)) {
      busy(locked, info, *service);
      return;
    }
    call = std::make_shared<ServedCall>(shared_from_this(), service, *member, std::move(message),
                                        info);
    call->codec = answer_codec(info);
    call->attempt = fields.attempt;
    call->trace = trace_of(info, fields);
    if (fields.credit_items != 0) call->credit_items = fields.credit_items;
    if (fields.credit_bytes != 0) call->credit_bytes = fields.credit_bytes;
    call->registered = true;
    record.calls[info.id] = call;
    if (fields.has_deadline != 0) {
      call->deadline = Clock::now() + std::chrono::milliseconds(fields.deadline_ms);
      call->expiry = deadlines_.emplace(call->deadline, [this, weak = std::weak_ptr(call)] {
        if (const ServedPtr due = weak.lock()) served_expired(due);
      });
      call->armed = true;
    }
    if (service->running >= service->options.concurrency) {
      service->queued.push_back(call);
      return;
    }
  }
  run_call(call);
}

// On the session's thread, without the lock.
void Core::run_call(const ServedPtr& call) {
  Service& service = *call->service;
  {
    Locked locked(*this);
    if (call->finished || call->over) return;
    const Clock::time_point now = Clock::now();
    if (call->deadline <= now) {
      call->over = true;
      busy(locked, call->info, service);
      done(locked, *call);
      return;
    }
    if (service.running >= service.options.concurrency) {
      service.queued.push_back(call);
      return;
    }
    call->running = true;
    call->begun_at = now;
    ++call->member.counts_.calls;
    call->takes_place = true;
    ++service.running;
    service.invoking = true;
  }
  Frame frame = frame_of(*call->message, call->info);
  frame.codec = static_cast<Codec>(busbar_rpc_codec(call->info.format));
  const std::uint32_t kind = busbar_rpc_kind(call->info.format);
  if (busbar_rpc_codec(call->info.format) > BUSBAR_RPC_JSON) {
    const Hold hold(call);
    detail::fail(*call, Error{"INVALID_ARGUMENT", "the codec is not known here", Executed::no});
  } else if (call->member.kind == ServedMember::Kind::method && kind != BUSBAR_RPC_CALL) {
    const Hold hold(call);
    detail::fail(*call,
                 Error{"UNKNOWN_METHOD", "this member cannot be used that way", Executed::no});
  } else {
    call->member.invoke(call, frame, kind);
  }
  const Locked locked(*this);
  service.invoking = false;
  serving_changed_.notify_all();
}

void Core::answer(Locked& locked, ServedCall& call, std::uint32_t kind, Encoded body) {
  if (call.over) return;
  call.over = true;
  // Destroyed without the lock: the program gave them.
  locked.keep(std::make_shared<std::vector<std::function<void()>>>(std::move(call.cancel_hooks)));
  call.cancel_hooks.clear();
  const bool attaches = !body.attachments.objects.empty() || !body.attachments.regions.empty();
  const Posted outcome = post_answer(locked, call.info.from_id, call.info.id,
                                     answer_format(kind, call.codec), std::move(body));
  if (outcome != kRefused) return;
  ++call.member.counts_.failures;
  // The caller must not wait for ever.
  const bool is_refused = attaches && port_ != nullptr && !port_->carries_attachments();
  const Error error =
      is_refused ? Error{"UNSUPPORTED_ATTACHMENT",
                         "a kernel object or memory region cannot be sent over a wire"}
                 : Error{"INVALID_RESULT", "the result cannot be sent; it may be too large"};
  (void)post_answer(locked, call.info.from_id, call.info.id,
                    answer_format(BUSBAR_RPC_ERROR, call.codec), error_body(call.codec, error));
}

// `error` is of the layer, or was checked.
void Core::fail(Locked& locked, ServedCall& call, const Error& error) {
  answer(locked, call, BUSBAR_RPC_ERROR, error_body(call.codec, error));
}

// The caller is not interested any more. A method that runs still counts, until it lets go.
void Core::drop(Locked& locked, ServedCall& call, const char* reason) {
  call.over = true;
  if (!call.cancelled) {
    call.cancelled = true;
    for (auto& hook : call.cancel_hooks) locked.later(std::move(hook));
    call.cancel_hooks.clear();
    if (call.output != nullptr) locked.keep(call.output->stop());
    if (call.input != nullptr) {
      locked.later([input = call.input, error = Error{"CANCELLED", reason}] { input->end(error); });
    } else {
      call.input_ended = true;
      call.input_end = Error{"CANCELLED", reason};
    }
  }
  if (!call.running || call.released) done(locked, call);
}

// The method has let go of the call, or will never run.
void Core::done(Locked& locked, ServedCall& call) {
  if (call.finished) return;
  call.finished = true;
  const ServedPtr self = call.shared_from_this();
  locked.keep(self);
  if (call.armed) {
    call.armed = false;
    deadlines_.erase(call.expiry);
  }
  if (call.output != nullptr) locked.keep(call.output->stop());
  if (call.input != nullptr) {
    locked.later([input = std::move(call.input)] { input->end(std::nullopt); });
  }
  const auto record = callers_.find(call.info.from_id);
  if (record != callers_.end()) {
    record->second.calls.erase(call.info.id);
    if (record->second.calls.empty() && record->second.subscriptions.empty())
      callers_.erase(record);
  }
  Service& service = *call.service;
  if (!call.running) {
    const auto at = std::find(service.queued.begin(), service.queued.end(), self);
    if (at != service.queued.end()) service.queued.erase(at);
  } else {
    call.running = false;
    call.member.counts_.busy += Clock::now() - call.begun_at;
    free_place(call);
  }
  serving_changed_.notify_all();
}

// Under the lock.
void Core::free_place(ServedCall& call) {
  const auto record = callers_.find(call.info.from_id);
  // Its input ends, at the latest, when its caller does.
  if (record != callers_.end() && call.input == nullptr) record->second.calls.erase(call.info.id);
  if (!call.takes_place) return;
  call.takes_place = false;
  Service& service = *call.service;
  --service.running;
  if (!service.queued.empty()) {
    runnable_.push_back(std::move(service.queued.front()));
    service.queued.pop_front();
    wake();
  }
  serving_changed_.notify_all();
}

void Core::release(ServedCall& call) {
  Locked locked(*this);
  call.released = true;
  if (!call.over) {
    // The last items of a stream may wait for room.
    if (call.output != nullptr && call.output->finished && !call.output->stopped) return;
    ++call.member.counts_.failures;
    fail(locked, call,
         Error{"HANDLER_FAILED",
               call.member.member.name + " has let go of the call without an answer"});
  }
  done(locked, call);
}

void Core::served_expired(const ServedPtr& call) {
  Locked locked(*this);
  if (call->over || call->finished) return;
  abort(locked, *call, Error{"DEADLINE", "the deadline has passed"});
}

// Answers a call with an error while its method may run.
void Core::abort(Locked& locked, ServedCall& call, const Error& error) {
  // They are called, so they must outlive the answer.
  std::vector<std::function<void()>> hooks;
  hooks.swap(call.cancel_hooks);
  fail(locked, call, error);
  call.cancel_hooks = std::move(hooks);
  drop(locked, call, error.message.c_str());
}

void Core::caller_gone(Locked& locked, std::uint64_t peer) {
  const auto found = callers_.find(peer);
  if (found == callers_.end()) return;
  std::vector<ServedPtr> calls;
  for (const auto& [id, call] : found->second.calls) calls.push_back(call);
  std::vector<std::uint64_t> subscriptions;
  for (const auto& [id, what] : found->second.subscriptions) subscriptions.push_back(id);
  for (const std::uint64_t id : subscriptions) end_subscription(locked, found->second, id);
  for (const ServedPtr& call : calls) drop(locked, *call, "the caller is gone");
  const auto rest = callers_.find(peer);
  if (rest != callers_.end() && rest->second.calls.empty() && rest->second.subscriptions.empty())
    callers_.erase(rest);
}

// A frame that a caller sends about a call of its own.
void Core::from_caller(Arrived& message, const busbar_message_info& info) {
  const std::uint32_t kind = busbar_rpc_kind(info.format);
  ServedPtr call;
  std::shared_ptr<ServedInputBase> input;
  {
    Locked locked(*this);
    const auto found = callers_.find(info.from_id);
    if (found == callers_.end()) return;
    CallerRecord& record = found->second;
    if (kind == BUSBAR_RPC_CANCEL && record.subscriptions.count(info.reply_to) != 0) {
      end_subscription(locked, record, info.reply_to);
      return;
    }
    const auto at = record.calls.find(info.reply_to);
    if (at == record.calls.end()) return;
    call = at->second;
    if (kind == BUSBAR_RPC_CANCEL) {
      drop(locked, *call, "the caller has cancelled");
      return;
    }
    if (kind == BUSBAR_RPC_CREDIT) {
      busbar_rpc_metadata fields{};
      if (busbar_rpc_read_metadata(info.metadata, &fields) != BUSBAR_OK) return;
      if (call->output != nullptr) {
        call->output->credited(fields.credit_items, fields.credit_bytes);
      } else {
        const auto add = [](std::uint32_t& to, std::uint32_t more) {
          to = more > 0xFFFF'FFFFU - to ? 0xFFFF'FFFFU : to + more;
        };
        add(call->credit_items, fields.credit_items);
        add(call->credit_bytes, fields.credit_bytes);
      }
      return;
    }
    if (call->over) return;
    input = call->input;
    if (input == nullptr && call->running) return;
    if (input == nullptr) {
      // The call is in the queue. What it may send before the first credit is kept with it.
      keep_input(locked, *call, message, info);
      return;
    }
  }
  give_input(*call, *input, message, info);
}

void Core::give_input(ServedCall& call, ServedInputBase& input, Arrived& message,
                      const busbar_message_info& info) {
  Frame frame = frame_of(message, info);
  if (frame.kind == BUSBAR_RPC_END) return input.end(std::nullopt);
  if (frame.kind != BUSBAR_RPC_ITEM && frame.kind != BUSBAR_RPC_ITEMS) return;
  const std::string problem = input.push(frame);
  if (problem.empty()) return;
  Locked locked(*this);
  abort(locked, call, Error{"INVALID_ARGUMENT", problem});
}

// Of a call in the queue. What is allowed before the first credit is kept, and the end.
void Core::keep_input(Locked& locked, ServedCall& call, Arrived& message,
                      const busbar_message_info& info) {
  if (call.early_input.size() > input_items || call.early_bytes > input_bytes) {
    abort(locked, call, Error{"INVALID_ARGUMENT", "more input than there was credit for"});
    return;
  }
  call.early_bytes += info.payload.bytes;
  call.early_input.emplace_back(std::move(message), info);
}

}  // namespace busbar::rpc::detail
