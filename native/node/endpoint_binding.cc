// Draining an endpoint on the event loop.
#include "node/endpoint_binding.h"

#include <algorithm>
#include <utility>

#include "node/notice_objects.h"
#include "node/object_functions.h"
#include "node/region_value.h"
#include "node/uncaught.h"

namespace busbar::node {
namespace {

// How long JavaScript should take for a batch: short enough for timers, long enough to be worth the
// call.
constexpr std::chrono::nanoseconds kBatchTarget{250'000};
constexpr std::size_t kSmallestBatch = 8;
constexpr int kMaxSpinCredit = 8;
// Without spin credit, every how many times spinning is tried again.
constexpr int kSpinRetry = 32;

TimePoint now() noexcept { return native_platform().now(); }

}  // namespace

EndpointBinding::EndpointBinding(Napi::Env env, std::unique_ptr<Endpoint> endpoint,
                                 const BindingOptions& options, Napi::Function on_messages,
                                 Napi::Function on_notices)
    : env_(env),
      context_(env, "busbar"),
      endpoint_(std::move(endpoint)),
      options_(options),
      on_messages_(Napi::Persistent(on_messages)),
      on_notices_(Napi::Persistent(on_notices)),
      blocks_(options.external_buffers),
      seen_words_(options.external_buffers) {}

EndpointBinding::~EndpointBinding() = default;

Error EndpointBinding::attach() {
  if (!table_.allocate(env_) || !receipt_.allocate(env_)) return {Status::System};
  const auto create = options_.host_has_libuv ? create_uv_attachment : create_thread_attachment;
  attachment_ = create(env_, endpoint_->bells(), [this] { on_ready(); });
  return {attachment_ == nullptr ? Status::System : Status::Ok};
}

Error EndpointBinding::start() {
  const Napi::HandleScope scope(env_);
  const Error started = endpoint_->start();
  if (started.ok()) deliver_notices();
  return started;
}

void EndpointBinding::set_types(std::span<const Uuid> types) {
  types_.assign(types.begin(), types.end());
  table_.set_types(types);
}

void EndpointBinding::set_credit(std::uint32_t messages) {
  const bool starts = credit_ == 0 && messages != 0;
  credit_ = messages;
  // Messages that arrived while the credit was 0 have rung already. Look for them from the event
  // loop, never inside this call.
  if (starts && !draining_ && !closed_) endpoint_->bells().raise();
}

void EndpointBinding::taken(std::uint32_t waiting) {
  endpoint_->taken(waiting, std::exchange(rows_, {}));
}

void EndpointBinding::hand_back(std::uint32_t waiting) {
  endpoint_->hand_back(waiting, std::exchange(rows_, {}));
}

Napi::Value EndpointBinding::take_objects(std::uint32_t row) {
  std::vector<Handle> handles;
  if (row < table_.messages().size()) handles = std::exchange(table_.messages()[row].objects, {});
  napi_value array = nullptr;
  if (napi_create_array_with_length(env_, handles.size(), &array) != napi_ok)
    return env_.Undefined();
  for (std::uint32_t i = 0; i < handles.size(); ++i)
    (void)napi_set_element(env_, array, i, handle_value(env_, std::move(handles[i])));
  return Napi::Value(env_, array);
}

Napi::Value EndpointBinding::take_regions(std::uint32_t row) {
  std::vector<RegionReference> regions;
  if (row < table_.messages().size()) regions = std::exchange(table_.messages()[row].regions, {});
  return {env_, region_values(env_, std::move(regions))};
}

Napi::Value EndpointBinding::open_seen_word(std::uint32_t slot) {
  return {env_, seen_words_.open(env_, *endpoint_, slot)};
}

void EndpointBinding::forget_peer(std::uint32_t slot) {
  seen_words_.close(env_, slot);
  endpoint_->forget_peer(slot);
}

void EndpointBinding::ref() noexcept {
  if (attachment_ != nullptr) attachment_->ref();
}

void EndpointBinding::unref() noexcept {
  if (attachment_ != nullptr) attachment_->unref();
}

void EndpointBinding::begin_close() {
  if (!std::exchange(closed_, true)) endpoint_->close(options_.linger);
}

void EndpointBinding::close_now() {
  begin_close();
  endpoint_->join_thread();
}

void EndpointBinding::detach(std::function<void()> done) {
  closed_ = true;
  if (attachment_ == nullptr) {
    release();
    return done();
  }
  // The lambda keeps the binding alive until the host has released its handles.
  LoopAttachment* attachment = attachment_.get();
  attachment->close([self = shared_from_this(), done = std::move(done)] {
    const auto gone = std::move(self->attachment_);
    self->release();
    done();
  });
}

// After the last callback. JavaScript may keep the endpoint object, but all kernel objects and
// buffers are released.
void EndpointBinding::release() {
  endpoint_->join_thread();
  endpoint_->release();
  // The callbacks refer to the JavaScript object that refers to this binding: a cycle that the
  // garbage collector does not see.
  on_messages_.Reset();
  on_notices_.Reset();
  blocks_.release(env_);
  blocks_.rest();
  seen_words_.close_all(env_);
}

void EndpointBinding::on_ready() {
  if (closed_ || draining_) return;
  const Napi::HandleScope scope(env_);
  draining_ = true;
  (void)endpoint_->collect_bells();
  deliver_notices();
  if (credit_ != 0 && !closed_) drain();
  draining_ = false;
}

void EndpointBinding::drain() {
  const TimePoint end = now() + options_.drain_budget;
  while (credit_ != 0 && !closed_) {
    switch (deliver_batch()) {
      case Step::Stop:
        return;
      case Step::Nothing:
        if (spin_for_more()) break;
        if (closed_ || endpoint_->sleep()) return;
        break;
      case Step::Delivered:
        break;
    }
    if (now() < end) continue;
    // Let all other events of the loop go first.
    if (!closed_) endpoint_->bells().raise();
    return;
  }
}

EndpointBinding::Step EndpointBinding::deliver_batch() {
  const Napi::HandleScope scope(env_);
  if (!blocks_.prepare(env_)) {
    note_no_memory(blocks_.large_from());
    return Step::Stop;
  }
  ReceiveBatch batch;
  batch.slab = blocks_.room();
  batch.large_from = blocks_.large_from();
  batch.messages = std::span(table_.messages()).first(std::min<std::size_t>(batch_limit_, credit_));
  endpoint_->receive(batch);
  if (batch.count == 0 && batch.large_bytes == 0 && batch.relabelled.empty()) return Step::Nothing;
  // First, since it is about who sent these messages.
  if (!batch.relabelled.empty()) (void)call(on_notices_, {senders_notice(env_, batch.relabelled)});
  if (batch.count != 0) {
    const TimePoint before = now();
    for (const ReceivedMessage& message : batch.messages.first(batch.count))
      blocks_.note_size(message.payload_bytes);
    table_.write_rows(batch.count, blocks_.offset());
    const bool goes_on = call_on_messages(batch.count, env_.Undefined());
    if (table_.keeps()) blocks_.keep(batch.used);
    if (!goes_on) return Step::Stop;
    const auto each = (now() - before) / static_cast<std::int64_t>(batch.count);
    const auto fitting =
        static_cast<std::size_t>(kBatchTarget / std::max(each, std::chrono::nanoseconds(1)));
    // Grows in steps, since one fast batch proves little; shrinks at once.
    batch_limit_ =
        std::clamp(fitting, kSmallestBatch, std::min(batch_limit_ * 2, ReceiveTable::kMaxMessages));
  }
  if (batch.large_bytes != 0 && credit_ != 0 && !deliver_large(batch.large_bytes))
    return Step::Stop;
  return Step::Delivered;
}

// The messages stay where they are; JavaScript gets a notice with the reason.
void EndpointBinding::note_no_memory(std::uint64_t bytes) {
  (void)env_.GetAndClearPendingException();
  (void)call(on_notices_, {out_of_memory_notice(env_, bytes)});
  credit_ = 0;
}

bool EndpointBinding::deliver_large(std::uint64_t bytes) {
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  std::span<std::byte> place;
  blocks_.note_size(bytes);
  if (!blocks_.prepare(env_) || !blocks_.make_large(env_, bytes, buffer, place) ||
      napi_create_typedarray(env_, napi_uint8_array, bytes, buffer, 0, &array) != napi_ok) {
    note_no_memory(bytes);
    return false;
  }
  if (!endpoint_->receive_large(place, table_.messages()[0])) return true;
  place_beside_large(table_.messages()[0]);
  table_.write_rows(1, blocks_.offset());
  return call_on_messages(1, array);
}

// Puts the metadata and the origin of a payload that is not in the block into the block all the
// same: JavaScript copies them.
void EndpointBinding::place_beside_large(ReceivedMessage& message) {
  const std::span<std::byte> room = blocks_.room();
  message.offset = 0;
  if (message.metadata_bytes != 0) {
    const std::span<const std::byte> metadata = endpoint_->last_metadata();
    std::copy(metadata.begin(), metadata.end(), room.begin());
  }
  if (message.origin_bytes != 0) {
    const std::vector<std::byte> origin = endpoint_->last_origin();
    message.origin_offset = padded(message.metadata_bytes);
    std::copy(origin.begin(), origin.end(), room.begin() + message.origin_offset);
  }
}

bool EndpointBinding::call_on_messages(std::size_t count, napi_value large) {
  if (credit_ != kUnlimitedCredit) credit_ -= std::min<std::size_t>(credit_, count);
  // JavaScript calls set_credit() for more messages, in this call or in the microtasks after it.
  rows_ = std::span(table_.messages()).first(count);
  const napi_value kept = call(on_messages_, {Napi::Number::New(env_, static_cast<double>(count)),
                                              large, blocks_.news(env_)});
  std::uint32_t waiting = 0;
  if (kept != nullptr) (void)napi_get_value_uint32(env_, kept, &waiting);
  taken(waiting);
  table_.drop_attachments(count);
  return credit_ != 0 && !closed_;
}

// Calls a function as a turn of the event loop: microtasks and ticks run before this returns. An
// exception of the program is an uncaught exception of the process; the endpoint carries on.
napi_value EndpointBinding::call(const Napi::FunctionReference& function,
                                 const std::vector<napi_value>& arguments) {
  // Plain C calls: they fail in a worker that is being terminated, and the C++ wrappers would make
  // that fatal.
  napi_value global = nullptr;
  if (napi_get_global(env_, &global) != napi_ok) return nullptr;
  napi_value result = nullptr;
  if (options_.host_has_libuv) {
    (void)napi_make_callback(env_, context_, global, function.Value(), arguments.size(),
                             arguments.data(), &result);
  } else {
    // A thread-safe function has called, which is a turn of its own. In Deno, napi_make_callback
    // crashes.
    (void)napi_call_function(env_, global, function.Value(), arguments.size(), arguments.data(),
                             &result);
  }
  report_exception(env_);
  return result;
}

void EndpointBinding::deliver_notices() {
  std::vector<Notice> notices = endpoint_->take_notices();
  if (notices.empty()) return;
  (void)call(on_notices_, {notice_objects(env_, notices)});
}

bool EndpointBinding::spin_for_more() {
  if (options_.spin.count() == 0) return false;
  if (spin_credit_ <= 0 && ++spins_skipped_ < kSpinRetry) return false;
  spins_skipped_ = 0;
  const bool came = endpoint_->spin(options_.spin);
  spin_credit_ = std::clamp(spin_credit_ + (came ? 1 : -2), 0, kMaxSpinCredit);
  return came;
}

}  // namespace busbar::node
