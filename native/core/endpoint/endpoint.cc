// The program's side of an endpoint: calls that take the lock, do one thing and return.
#include "core/endpoint/endpoint.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/identifier.h"
#include "base/processor.h"
#include "core/endpoint/reactor_tokens.h"

namespace busbar {
namespace {

constexpr int kPausesBetweenLooks = 4;

}  // namespace

Result<std::unique_ptr<Endpoint>> Endpoint::create(Platform& platform, EndpointOptions options) {
  if (const Status bad = check_identifier(options.membership.identifier); bad != Status::Ok)
    return bad;
  if (!options.join.valid() || options.regions == nullptr) return Status::InvalidArgument;
  options.membership.limits = {options.join.max_endpoints, options.join.max_endpoints_per_process};
  auto reactor = platform.create_reactor();
  if (!reactor) return reactor.error();
  auto bells = platform.create_doorbell_set();
  if (!bells) return bells.error();
  return std::unique_ptr<Endpoint>(
      new Endpoint(platform, std::move(options), reactor.take(), bells.take()));
}

Endpoint::Endpoint(Platform& platform, EndpointOptions options, std::unique_ptr<Reactor> reactor,
                   std::unique_ptr<DoorbellSet> bells)
    : platform_(platform),
      lock_(platform),
      join_timeout_(options.join.timeout_ms),
      label_(options.membership.label),
      reactor_(kChecked ? check_turns(std::move(reactor), turns_, [] { std::abort(); })
                        : std::move(reactor)),
      bells_(std::move(bells)),
      sender_(platform, *this, options.join),
      desk_(sender_.kept()),
      receiver_(platform, *options.regions, *bells_, options.join.max_message_bytes,
                options.join.max_links,
                {[this](InboundLink& link) { reactor_->forget(inbound_token(link.slot())); },
                 [this](std::unique_ptr<InboundLink> link) {
                   notify(LinkClosedNotice{link->slot()});
                   closed_links_.push_back(std::move(link));
                   wake();
                 },
                 [this](const Violation& violation) { notify(ViolationNotice{violation}); },
                 [this] {
                   repeat_soon();
                   wake();
                 }}),
      membership_(new Membership(platform, *reactor_, std::move(options.membership), *this)),
      regions_(*options.regions) {
  region_listener_ = regions_.add_listener([this] {
    regions_unmapped_ = true;
    wake();
  });
}

Endpoint::~Endpoint() {
  close(std::chrono::milliseconds(0));
  join_thread();
  regions_.remove_listener(region_listener_);
}

Error Endpoint::start() {
  // A timer of the event loop would wake the program once more after it was cleared.
  join_deadline_ = platform_.now() + join_timeout_;
  auto thread = platform_.start_thread([this] { run(); });
  if (!thread) return thread.error();
  thread_ = thread.take();
  started_ = true;
  if (!platform_.fence_process()) {
    // Beside the joining, which would have to wait for it. Without it, the lock only costs more.
    auto preparing = platform_.start_thread([this] { platform_.prepare_process_fence(); });
    if (preparing) preparing_ = preparing.take();
  }
  return {};
}

void Endpoint::start_without_thread() {
  const OwnerGuard lock(lock_);
  join_deadline_ = platform_.now() + join_timeout_;
  started_ = true;
  membership_->start();
  turns_.end();
}

void Endpoint::close(std::chrono::milliseconds linger) {
  const OwnerGuard lock(lock_);
  const TimePoint deadline = platform_.now() + linger;
  if (!close_deadline_ || deadline < *close_deadline_) close_deadline_ = deadline;
  if (phase_ == Phase::Open) phase_ = Phase::Lingering;
  // Never started: there is nobody else to say that it is over.
  if (!started_ && phase_ != Phase::Closed) finish_closing();
  sender_.flush_bells();
  wake();
}

void Endpoint::join_thread() {
  if (thread_ != nullptr) thread_->join();
  if (preparing_ != nullptr) preparing_->join();
  // It is the program's thread that does its work from now on.
  const OwnerGuard lock(lock_);
  turns_.begin();
}

void Endpoint::release() {
  regions_.remove_listener(region_listener_);
  const OwnerGuard lock(lock_);
  phase_ = Phase::Closed;
  sender_.close_all();
  receiver_.close_all();
  forget_closed_links();
  membership_.reset();
  sender_.set_directory(nullptr, id_);
  directory_.reset();
  reactor_.reset();
  bells_.reset();
}

void Endpoint::wake() noexcept {
  if (reactor_ != nullptr) reactor_->wake();
}

std::vector<Notice> Endpoint::take_notices() {
  const OwnerGuard lock(lock_);
  return std::exchange(notices_, {});
}

std::uint32_t Endpoint::add_route(SelectorProgram program, bool unicast, bool exclude_self) {
  const OwnerGuard lock(lock_);
  return sender_.routes().add(std::move(program), unicast, exclude_self);
}

void Endpoint::release_route(std::uint32_t route) {
  const OwnerGuard lock(lock_);
  sender_.routes().release(route);
}

SendOutcome Endpoint::send(const SendRequest& request) {
  {
    const OwnerGuard lock(lock_);
    if (phase_ != Phase::Open) return SendOutcome{.error = {Status::Closed}};
    if (sender_.send_at_once(request)) return SendOutcome{.error = {}, .receivers = 1};
    if (!sender_.spills(request)) return sender_.send(request);
  }
  return send_spilled(request);
}

// Copied without the lock, for which the control thread may be waiting: nobody else knows of the
// spill yet.
SendOutcome Endpoint::send_spilled(SendRequest request) {
  {
    const OwnerGuard lock(lock_);
    request.spilled = sender_.spill_for(request);
  }
  if (request.spilled != nullptr) {
    std::memcpy(request.spilled->memory().data(), request.payload.data(), request.payload.size());
  }
  const OwnerGuard lock(lock_);
  if (phase_ != Phase::Open) return SendOutcome{.error = {Status::Closed}};
  return sender_.send(request);
}

SendOutcome Endpoint::reserve(std::uint32_t route, std::size_t bytes, Reservation& out) {
  const OwnerGuard lock(lock_);
  if (phase_ != Phase::Open) return SendOutcome{.error = {Status::Closed}};
  return sender_.reserve(route, bytes, out);
}

SendOutcome Endpoint::commit(const Reservation& reservation, const Uuid& type,
                             std::uint16_t format) {
  const OwnerGuard lock(lock_);
  if (phase_ != Phase::Open) {
    // What was sent before it still has time to go out.
    sender_.cancel(reservation);
    return SendOutcome{.error = {Status::Closed}};
  }
  return sender_.commit(reservation, type, format);
}

void Endpoint::cancel(const Reservation& reservation) {
  const OwnerGuard lock(lock_);
  sender_.cancel(reservation);
}

void Endpoint::flush_bells() {
  const OwnerGuard lock(lock_);
  sender_.flush_bells();
}

void Endpoint::forget_delivery(std::uint64_t delivery) {
  const OwnerGuard lock(lock_);
  sender_.forget_delivery(delivery);
}

void Endpoint::ask_drained() {
  const OwnerGuard lock(lock_);
  sender_.ask_drained();
}

std::vector<std::uint64_t> Endpoint::matches(std::uint32_t route) {
  const OwnerGuard lock(lock_);
  return sender_.matches(route);
}

bool Endpoint::collect_bells() {
  const OwnerGuard lock(lock_);
  return receiver_.collect_bells();
}

void Endpoint::receive(ReceiveBatch& batch) {
  const OwnerGuard lock(lock_);
  receiver_.receive(batch);
}

// Copied without the lock, for which the control thread may be waiting: what is borrowed stays.
bool Endpoint::receive_large(std::span<std::byte> payload, ReceivedMessage& out) {
  std::span<const std::byte> source;
  {
    const OwnerGuard lock(lock_);
    if (!receiver_.borrow_large(payload.size(), out, source)) return false;
  }
  std::memcpy(payload.data(), source.data(), source.size());
  const OwnerGuard lock(lock_);
  receiver_.finish_large();
  return true;
}

std::vector<std::byte> Endpoint::last_origin() {
  const OwnerGuard lock(lock_);
  const std::span<const std::byte> origin = receiver_.last_origin();
  return {origin.begin(), origin.end()};
}

void Endpoint::taken(std::size_t waiting, std::span<const ReceivedMessage> rows) {
  const OwnerGuard lock(lock_);
  receiver_.taken(waiting, rows);
}

void Endpoint::hand_back(std::size_t waiting, std::span<const ReceivedMessage> rows) {
  const OwnerGuard lock(lock_);
  receiver_.hand_back(waiting, rows);
}

bool Endpoint::borrow(ReceivedMessage& out, std::span<const std::byte>& out_payload) {
  const OwnerGuard lock(lock_);
  return receiver_.borrow(out, out_payload);
}

void Endpoint::return_borrowed() {
  const OwnerGuard lock(lock_);
  receiver_.return_borrowed();
}

bool Endpoint::spin(std::chrono::microseconds limit) {
  {
    const OwnerGuard lock(lock_);
    if (!receiver_.worth_spinning(platform_.current_cpu())) return false;
  }
  const TimePoint end = platform_.now() + limit;
  do {
    for (int i = 0; i < 32; ++i) {
      {
        const OwnerGuard lock(lock_);
        if (receiver_.rouse()) return true;
      }
      // Each look takes the ring's cache line away from the sender, who wants to write the next
      // message there.
      for (int pause = 0; pause < kPausesBetweenLooks; ++pause) pause_cpu();
    }
  } while (platform_.now() < end);
  return false;
}

bool Endpoint::sleep() {
  const OwnerGuard lock(lock_);
  return receiver_.sleep();
}

void Endpoint::settle(std::uint32_t link_slot, std::uint64_t position, Status status) {
  const OwnerGuard lock(lock_);
  receiver_.settle(link_slot, position, status);
}

std::optional<Member> Endpoint::peer(std::uint32_t link_slot) {
  const OwnerGuard lock(lock_);
  const Member* found = receiver_.peer(link_slot);
  return found == nullptr ? std::nullopt : std::optional<Member>(*found);
}

void Endpoint::forget_peer(std::uint32_t link_slot) {
  const OwnerGuard lock(lock_);
  receiver_.forget_peer(link_slot);
}

std::vector<Member> Endpoint::members() {
  const OwnerGuard lock(lock_);
  if (directory_ == nullptr) return {};
  (void)directory_->refresh();
  return {directory_->members().begin(), directory_->members().end()};
}

std::vector<Member> Endpoint::watch_members(bool wanted) {
  const OwnerGuard lock(lock_);
  program_watches_members_ = wanted;
  std::vector<Member> now;
  if (directory_ != nullptr) {
    (void)directory_->refresh();
    now.assign(directory_->members().begin(), directory_->members().end());
  }
  told_members_.clear();
  for (const Member& member : now) told_members_.emplace(member.id, member);
  wake();
  return now;
}

void Endpoint::report_undelivered(bool wanted) {
  const OwnerGuard lock(lock_);
  sender_.report_undelivered(wanted);
}

std::uint64_t Endpoint::id() {
  const OwnerGuard lock(lock_);
  return id_;
}

bool Endpoint::is_controller() {
  const OwnerGuard lock(lock_);
  return membership_ != nullptr && membership_->is_controller();
}

std::uint64_t Endpoint::controller_id() {
  const OwnerGuard lock(lock_);
  return directory_ == nullptr ? 0 : directory_->controller_id();
}

std::uint64_t Endpoint::generation() {
  const OwnerGuard lock(lock_);
  return directory_ == nullptr ? 0 : directory_->generation();
}

EndpointCounters Endpoint::counters() {
  const OwnerGuard lock(lock_);
  EndpointCounters counters;
  counters.sent = sender_.counters();
  counters.received_messages = receiver_.received_messages;
  counters.received_bytes = receiver_.received_bytes;
  counters.outbound_links = sender_.link_count();
  counters.inbound_links = receiver_.link_count();
  counters.parked = sender_.parked().size() + sender_.kept().size();
  return counters;
}

}  // namespace busbar
