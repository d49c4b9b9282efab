// The program's side of an endpoint: calls that take the lock, do one thing and return.
#include "core/endpoint/endpoint.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "base/identifier.h"
#include "base/processor.h"

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
      join_timeout_(options.join.timeout_ms),
      lock_(platform),
      control_(platform, lock_, std::move(options), std::move(reactor), std::move(bells)) {}

Endpoint::~Endpoint() {
  close(std::chrono::milliseconds(0));
  join_thread();
}

Error Endpoint::start() {
  // A timer of the event loop would wake the program once more after it was cleared.
  control_.begin_joining(join_timeout_);
  control_.join_here();
  auto thread = platform_.start_thread([this] { control_.run(); });
  if (!thread) return thread.error();
  thread_ = thread.take();
  started_ = true;
  return {};
}

void Endpoint::start_without_thread() {
  const OwnerGuard lock(lock_);
  control_.begin_joining(join_timeout_);
  started_ = true;
  control_.join_without_thread();
}

bool Endpoint::serve() { return control_.serve(); }

void Endpoint::close(std::chrono::milliseconds linger) {
  const OwnerGuard lock(lock_);
  control_.begin_closing(platform_.now() + linger);
  // Never started: there is no other thread to report the end.
  if (!started_ && !control_.closed()) control_.finish_closing();
  control_.sender().flush_bells();
  control_.wake();
}

void Endpoint::join_thread() {
  if (thread_ != nullptr) thread_->join();
  control_.join_preparation();
  const OwnerGuard lock(lock_);
  control_.take_over();
}

void Endpoint::release() {
  control_.stop_listening();
  const OwnerGuard lock(lock_);
  control_.release();
}

std::vector<Notice> Endpoint::take_notices() {
  const OwnerGuard lock(lock_);
  return control_.take_notices();
}

std::uint32_t Endpoint::add_route(SelectorProgram program, bool unicast, bool exclude_self) {
  const OwnerGuard lock(lock_);
  return control_.sender().routes().add(std::move(program), unicast, exclude_self);
}

void Endpoint::release_route(std::uint32_t route) {
  const OwnerGuard lock(lock_);
  control_.sender().routes().release(route);
}

SendOutcome Endpoint::send(const SendRequest& request) {
  // One object on every way out: it is the caller's from the start.
  SendOutcome sent;
  {
    const OwnerGuard lock(lock_);
    if (!control_.open()) {
      sent.error = {Status::Closed};
      return sent;
    }
    if (control_.sender().send_at_once(request, sent)) return sent;
    if (!control_.sender().spills(request)) {
      sent = control_.sender().send(request);
      return sent;
    }
  }
  sent = send_spilled(request);
  return sent;
}

// Copied without the lock, for which the control thread may be waiting: no other code knows of the
// spill yet.
SendOutcome Endpoint::send_spilled(SendRequest request) {
  {
    const OwnerGuard lock(lock_);
    request.spilled = control_.sender().spill_for(request);
  }
  if (request.spilled != nullptr) {
    std::memcpy(request.spilled->memory().data(), request.payload.data(), request.payload.size());
  }
  const OwnerGuard lock(lock_);
  if (!control_.open()) return SendOutcome{.error = {Status::Closed}};
  return control_.sender().send(request);
}

SendOutcome Endpoint::reserve(std::uint32_t route, std::size_t bytes, Reservation& out,
                              std::span<const std::byte> metadata) {
  const OwnerGuard lock(lock_);
  if (!control_.open()) return SendOutcome{.error = {Status::Closed}};
  return control_.sender().reserve(route, bytes, out, metadata);
}

SendOutcome Endpoint::commit(const Reservation& reservation, const Uuid& type,
                             std::uint16_t format) {
  const OwnerGuard lock(lock_);
  if (!control_.open()) {
    // Messages sent before still have time to go out.
    control_.sender().cancel(reservation);
    return SendOutcome{.error = {Status::Closed}};
  }
  return control_.sender().commit(reservation, type, format);
}

void Endpoint::cancel(const Reservation& reservation) {
  const OwnerGuard lock(lock_);
  control_.sender().cancel(reservation);
}

void Endpoint::flush_bells() {
  const OwnerGuard lock(lock_);
  control_.sender().flush_bells();
}

void Endpoint::forget_delivery(std::uint64_t delivery) {
  const OwnerGuard lock(lock_);
  control_.sender().forget_delivery(delivery);
}

void Endpoint::ask_drained() {
  const OwnerGuard lock(lock_);
  control_.sender().ask_drained();
}

std::vector<Member> Endpoint::matches(std::uint32_t route) {
  const OwnerGuard lock(lock_);
  return control_.sender().matches(route);
}

std::size_t Endpoint::count_matches(std::uint32_t route) {
  const OwnerGuard lock(lock_);
  return control_.sender().count_matches(route);
}

bool Endpoint::collect_bells() {
  const OwnerGuard lock(lock_);
  return control_.receiver().collect_bells();
}

void Endpoint::receive(ReceiveBatch& batch) {
  const OwnerGuard lock(lock_);
  control_.receiver().receive(batch);
  // Afterwards: a sender that changed its label before one of these messages has the new one by
  // now.
  batch.relabelled = control_.follow_senders();
}

// Copied without the lock, for which the control thread may be waiting: what is borrowed stays.
bool Endpoint::receive_large(std::span<std::byte> payload, ReceivedMessage& out) {
  std::span<const std::byte> source;
  {
    const OwnerGuard lock(lock_);
    if (!control_.receiver().borrow_large(payload.size(), out, source)) return false;
  }
  std::memcpy(payload.data(), source.data(), source.size());
  const OwnerGuard lock(lock_);
  control_.receiver().finish_large();
  return true;
}

std::vector<std::byte> Endpoint::last_origin() {
  const OwnerGuard lock(lock_);
  const std::span<const std::byte> origin = control_.receiver().last_origin();
  return {origin.begin(), origin.end()};
}

std::span<const std::byte> Endpoint::last_metadata() {
  const OwnerGuard lock(lock_);
  return control_.receiver().last_metadata();
}

void Endpoint::taken(std::size_t waiting, std::span<const ReceivedMessage> rows) {
  const OwnerGuard lock(lock_);
  control_.receiver().taken(waiting, rows);
}

void Endpoint::hand_back(std::size_t waiting, std::span<const ReceivedMessage> rows) {
  const OwnerGuard lock(lock_);
  control_.receiver().hand_back(waiting, rows);
}

bool Endpoint::borrow(ReceivedMessage& out, std::span<const std::byte>& out_payload) {
  const OwnerGuard lock(lock_);
  const bool borrowed = control_.receiver().borrow(out, out_payload);
  (void)control_.follow_senders();
  return borrowed;
}

void Endpoint::return_borrowed() {
  const OwnerGuard lock(lock_);
  control_.receiver().return_borrowed();
}

bool Endpoint::spin(std::chrono::microseconds limit) {
  {
    const OwnerGuard lock(lock_);
    if (!control_.receiver().worth_spinning(platform_.current_cpu())) return false;
  }
  const TimePoint end = platform_.now() + limit;
  do {
    for (int i = 0; i < 32; ++i) {
      {
        const OwnerGuard lock(lock_);
        if (control_.receiver().rouse()) return true;
      }
      // Each look takes the ring's cache line away from the sender, which wants to write the next
      // message there.
      for (int pause = 0; pause < kPausesBetweenLooks; ++pause) pause_cpu();
    }
  } while (platform_.now() < end);
  return false;
}

bool Endpoint::sleep() {
  const OwnerGuard lock(lock_);
  return control_.receiver().sleep();
}

void Endpoint::settle(std::uint32_t link_slot, std::uint64_t position, Status status) {
  const OwnerGuard lock(lock_);
  control_.receiver().settle(link_slot, position, status);
}

std::optional<Member> Endpoint::peer(std::uint32_t link_slot) {
  const OwnerGuard lock(lock_);
  const Member* found = control_.receiver().peer(link_slot);
  return found == nullptr ? std::nullopt : std::optional<Member>(*found);
}

void Endpoint::forget_peer(std::uint32_t link_slot) {
  const OwnerGuard lock(lock_);
  control_.receiver().forget_peer(link_slot);
}

InboundLink::SeenWord Endpoint::seen_word(std::uint32_t link_slot) {
  const OwnerGuard lock(lock_);
  InboundLink* found = control_.receiver().link(link_slot);
  return found == nullptr ? InboundLink::SeenWord{} : found->seen_word();
}

std::vector<Member> Endpoint::members() {
  const OwnerGuard lock(lock_);
  return control_.members();
}

std::vector<Member> Endpoint::observers() {
  const OwnerGuard lock(lock_);
  return control_.observers();
}

std::optional<std::vector<Member>> Endpoint::members_unless(MembersSeen& seen) {
  const OwnerGuard lock(lock_);
  return control_.members_unless(seen);
}

std::vector<Member> Endpoint::report_members(bool wanted) {
  const OwnerGuard lock(lock_);
  return control_.report_members(wanted);
}

void Endpoint::report_undelivered(bool wanted) {
  const OwnerGuard lock(lock_);
  control_.sender().report_undelivered(wanted);
}

Result<std::uint64_t> Endpoint::relabel(Label label) {
  const OwnerGuard lock(lock_);
  return control_.relabel(std::move(label));
}

std::uint64_t Endpoint::id() {
  const OwnerGuard lock(lock_);
  return control_.id();
}

bool Endpoint::is_controller() {
  const OwnerGuard lock(lock_);
  return control_.is_controller();
}

std::uint64_t Endpoint::controller_id() {
  const OwnerGuard lock(lock_);
  return control_.controller_id();
}

std::uint64_t Endpoint::generation() {
  const OwnerGuard lock(lock_);
  return control_.generation();
}

EndpointCounters Endpoint::counters() {
  const OwnerGuard lock(lock_);
  const Sender& sender = control_.sender();
  const Receiver& receiver = control_.receiver();
  EndpointCounters counters;
  counters.sent = sender.counters();
  counters.received_messages = receiver.received_messages;
  counters.received_bytes = receiver.received_bytes;
  counters.outbound_links = sender.link_count();
  counters.inbound_links = receiver.link_count();
  counters.parked = control_.sender().parked().size() + control_.sender().kept().size();
  return counters;
}

}  // namespace busbar
