// The control thread's loop, closing, and the events of membership and sender. All of it runs with
// the lock held, which is let go only inside Reactor::wait and where a thread is waited for.
#include "core/endpoint/endpoint_control.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "core/endpoint/reactor_tokens.h"
#include "core/hand_over/hand_over.h"

namespace busbar {
namespace {

// The pause before something that failed for lack of a descriptor or memory is tried again.
constexpr std::chrono::milliseconds kRepeatInterval{5};

static_assert(!Membership::owns_token(kOutboundSpace) && !Membership::owns_token(kInboundSpace));

}  // namespace

EndpointControl::EndpointControl(Platform& platform, BiasedLock& lock, EndpointOptions options,
                                 std::unique_ptr<Reactor> reactor,
                                 std::unique_ptr<DoorbellSet> bells)
    : platform_(platform),
      lock_(lock),
      label_(options.membership.label),
      reactor_(kChecked ? check_turns(std::move(reactor), turns_, [] { std::abort(); })
                        : std::move(reactor)),
      bells_(std::move(bells)),
      sender_(platform, *this, options.join, options.membership.observable),
      desk_(sender_.kept()),
      receiver_(platform, *options.regions, *bells_, options.join.max_message_bytes,
                options.join.max_links,
                {[this](InboundLink& link) { reactor_->forget(inbound_token(link.slot())); },
                 [this](std::unique_ptr<InboundLink> link) { inbound_closed(std::move(link)); },
                 [this](const Violation& violation) { notify(ViolationNotice{violation}); },
                 [this] {
                   repeat_soon();
                   wake();
                 }}),
      observes_(options.membership.observes != nullptr),
      membership_(new Membership(platform, *reactor_, std::move(options.membership), *this)),
      regions_(*options.regions) {
  if (options.keeps_seen) receiver_.keep_seen();
  if (observes_) {
    receiver_.observe();
    sender_.refuse_all();
  }
  region_listener_ = regions_.add_listener([this] {
    regions_unmapped_ = true;
    wake();
  });
}

EndpointControl::~EndpointControl() { stop_listening(); }

void EndpointControl::join_without_thread() {
  membership_->start();
  turns_.end();
}

// In a thread of its own, since it takes longer than a turn may. If it fails, the lock costs more.
void EndpointControl::prepare_lock() {
  if (platform_.fence_process()) return;
  auto preparing = platform_.start_thread([this] { platform_.prepare_process_fence(); });
  if (preparing) preparing_ = preparing.take();
}

void EndpointControl::stop_listening() { regions_.remove_listener(region_listener_); }

void EndpointControl::release() {
  closing_.finish();
  departures_.clear();
  sender_.close_all();
  receiver_.close_all();
  if (reactor_ != nullptr) watches_.forget_retired(*reactor_);
  membership_.reset();
  sender_.set_directory(nullptr, id_);
  directory_.reset();
  reactor_.reset();
  bells_.reset();
}

void EndpointControl::wake() noexcept {
  if (reactor_ != nullptr) reactor_->wake();
}

std::vector<Member> EndpointControl::members() {
  if (directory_ == nullptr) return {};
  (void)directory_->refresh();
  return {directory_->members().begin(), directory_->members().end()};
}

std::vector<Member> EndpointControl::observers() {
  if (directory_ == nullptr) return {};
  (void)directory_->refresh();
  return {directory_->observers().begin(), directory_->observers().end()};
}

std::optional<std::vector<Member>> EndpointControl::members_unless(MembersSeen& seen) {
  const bool same = directory_ != nullptr && seen.directory == directory_number_ &&
                    seen.epoch == directory_->epoch();
  if (same) return std::nullopt;
  std::vector<Member> now = members();
  // An entry that kept changing is looked at again by the next call.
  seen = {directory_number_, directory_ == nullptr ? 0 : directory_->seen_epoch()};
  return now;
}

bool EndpointControl::is_controller() const noexcept {
  return membership_ != nullptr && membership_->is_controller();
}

std::uint64_t EndpointControl::controller_id() const noexcept {
  return directory_ == nullptr ? 0 : directory_->controller_id();
}

std::uint64_t EndpointControl::generation() const noexcept {
  return directory_ == nullptr ? 0 : directory_->generation();
}

void EndpointControl::enter_turn() noexcept {
  lock_.lock_as_visitor();
  turns_.begin();
}

void EndpointControl::leave_turn() noexcept {
  turns_.end();
  lock_.unlock_as_visitor();
}

void EndpointControl::join_here() {
  if (!platform_.threads_may_take_over()) return;
  const TimePoint end = platform_.now() + kJoinHere;
  enter_turn();
  membership_->start();
  std::array<Readiness, 64> ready;
  while (notices_.empty() && prepare_to_wait() && platform_.now() < end) {
    const TimePoint deadline = std::min(next_deadline().value_or(end), end);
    leave_turn();
    const std::size_t count = reactor_->wait(deadline, ready);
    enter_turn();
    take_turn(std::span(ready).first(count));
  }
  leave_turn();
}

void EndpointControl::run() {
  prepare_lock();
  enter_turn();
  // Unless that has happened in join_here().
  membership_->start();
  std::array<Readiness, 64> ready;
  while (prepare_to_wait()) {
    const std::optional<TimePoint> deadline = next_deadline();
    leave_turn();
    const std::size_t count = reactor_->wait(deadline, ready);
    enter_turn();
    take_turn(std::span(ready).first(count));
  }
  leave_turn();
}

bool EndpointControl::serve() {
  enter_turn();
  const bool goes_on = prepare_to_wait();
  if (goes_on) {
    std::array<Readiness, 64> ready;
    take_turn(std::span(ready).first(reactor_->wait(platform_.now(), ready)));
  }
  leave_turn();
  return goes_on;
}

bool EndpointControl::prepare_to_wait() {
  tend_links();
  tend_label();
  tend_directory();
  advance_closing();
  return !closing_.closed();
}

void EndpointControl::take_turn(std::span<const Readiness> ready) {
  receiver_.begin_turn();
  for (const Readiness& one : ready) dispatch(one);
  handle_deadlines();
  report_due_changes();
}

void EndpointControl::dispatch(const Readiness& readiness) {
  if (Membership::owns_token(readiness.token)) {
    membership_->handle(readiness);
  } else if (token_space(readiness.token) == kOutboundSpace) {
    sender_.on_channel(token_number(readiness.token));
  } else if (token_space(readiness.token) == kInboundSpace && readiness.readable) {
    const auto slot = static_cast<std::uint32_t>(token_number(readiness.token));
    if (receiver_.on_channel(slot)) watches_.pause(*reactor_, slot, platform_.now());
  }
}

std::optional<TimePoint> EndpointControl::next_deadline() const {
  std::optional<TimePoint> next;
  if (!desk_.empty()) return platform_.now();
  for (const auto& candidate :
       {membership_->next_deadline(), sender_.next_deadline(), join_deadline_, repeat_at_,
        closing_.deadline(), watches_.next_resumption()}) {
    if (candidate && (!next || *candidate < *next)) next = candidate;
  }
  return next;
}

void EndpointControl::handle_deadlines() {
  const TimePoint now = platform_.now();
  if (const auto due = membership_->next_deadline(); due && *due <= now)
    membership_->handle_deadline();
  work_at_desk();
  watches_.resume(*reactor_, now);
  sender_.on_deadline();
  if (repeat_at_ && *repeat_at_ <= now) {
    repeat_at_.reset();
    if (!receiver_.repeat_owed()) repeat_soon();
  }
  if (join_deadline_ && *join_deadline_ <= now) {
    join_deadline_.reset();
    notify(RefusedNotice{{Status::Timeout}});
  }
}

// Does for watched channels what the program's thread may not do itself.
void EndpointControl::tend_links() {
  // First the reactor, then the channels that it watched.
  watches_.forget_retired(*reactor_);
  if (regions_unmapped_.exchange(false)) sender_.forget_unmapped();
  watch_new_links();
  for (const OutboundLink* link : sender_.take_writable_wishes()) {
    reactor_->want_writable(outbound_token(link->link_id()));
  }
}

void EndpointControl::watch_new_links() {
  if (!watches_.watch_added(*reactor_, sender_, receiver_)) repeat_soon();
}

void EndpointControl::repeat_soon() {
  if (!repeat_at_) repeat_at_ = platform_.now() + kRepeatInterval;
}

void EndpointControl::tend_directory() {
  if (change_awaited_ || directory_ == nullptr) return;
  if (!changes_.wanted() && !sender_.wants_directory_changes()) return;
  change_awaited_ = true;
  membership_->await_change(acted_epoch_);
}

void EndpointControl::advance_closing() {
  if (closing_.lingering() && preparing_ != nullptr) {
    // Joined here, so that a program that waits for this thread does not wait for that one, too.
    leave_turn();
    preparing_->join();
    enter_turn();
  }
  const auto deadline = closing_.deadline();
  if (!deadline) return;
  const bool out_of_time = *deadline <= platform_.now();
  if (!out_of_time && !sender_.may_close()) return;
  // Messages that are not read yet stay with the member that handed them over.
  for (; !desk_.empty(); desk_.drop_first()) {
    if (desk_.first() == 0) membership_->answer_parked(0, 0);
  }
  const auto origin = encode(Origin{id_, platform_.self().pid, label_});
  membership_->leave(closing_.leave(sender_, platform_, origin));
}

void EndpointControl::on_left(std::uint64_t kept) {
  if (!closing_.leaving()) return;
  closing_.handed_over(kept);
  finish_closing();
}

void EndpointControl::finish_closing() {
  closing_.finish();
  departures_.clear();
  sender_.close_all();
  receiver_.close_all();
  tend_links();
  notify(ClosedNotice{closing_.abandoned()});
}

void EndpointControl::on_admitted(std::uint64_t id, std::unique_ptr<DirectoryReader> directory,
                                  const ControllerChange& change) {
  const bool new_id = id_ != id;
  join_deadline_.reset();
  id_ = id;
  acted_epoch_ = 0;
  if (directory_ != nullptr) {
    // A sender that died with the controller is in no later directory.
    (void)directory_->refresh();
    receiver_.follow(*directory_);
    directory->prefer_labels_of(*directory_);
  }
  directory_ = std::move(directory);
  ++directory_number_;
  followed_epoch_ = 0;
  change_awaited_ = false;
  // Without a directory, an observer sends nothing.
  if (!observes_) sender_.set_directory(directory_.get(), id);
  receiver_.set_controller(directory_->controller_id());
  sender_.repeat_introductions();
  const bool seen = see_directory();
  if (seen && !observes_) sender_.on_directory_changed();
  if (new_id) notify(JoinedNotice{id});
  notify(ControllerNotice{change});
  changes_due_ = changes_due_ || seen;
}

void EndpointControl::on_directory_changed() {
  change_awaited_ = false;
  if (!see_directory()) return;
  if (!observes_) sender_.on_directory_changed();
  changes_due_ = true;
}

// To be called before anything is done about a change. False: the directory kept changing; the next
// await_change() begins at the same epoch and reports the change again.
bool EndpointControl::see_directory() {
  if (!directory_->refresh()) return false;
  acted_epoch_ = directory_->seen_epoch();
  return true;
}

void EndpointControl::on_introduced(std::uint64_t from_id, std::uint32_t from_pid,
                                    std::uint64_t link_id, std::uint64_t ring_bytes,
                                    std::vector<Handle> handles) {
  Member from;
  from.id = from_id;
  from.pid = from_pid;
  if (directory_ != nullptr && directory_->refresh()) {
    if (const Member* listed = directory_->find(from_id); listed != nullptr) from = *listed;
  }
  auto attached = receiver_.attach(from, link_id, ring_bytes, std::move(handles));
  if (!attached) {
    if (attached.status() == Status::LimitExceeded) return;
    const bool broken = attached.status() == Status::ProtocolViolation;
    if (!broken) return membership_->miss_introduction();
    notify(ViolationNotice{{from_id, from_pid, attached.status()}});
    return;
  }
  const InboundLink* link = attached.value();
  if (link == nullptr) return;
  note_sender(from_id);
  watches_.add(*link);
  watch_new_links();
  bells_->raise();
}

void EndpointControl::on_introduction_failed(std::uint64_t to_id, std::uint64_t link_id,
                                             Status why) {
  sender_.on_introduction_failed(to_id, link_id, why);
}

void EndpointControl::on_parked_received(const HandOverSource& from, Handle memory,
                                         std::uint64_t bytes) {
  if (bytes != 0 && bytes <= kMaxHandOverBytes) {
    auto mapped = platform_.adopt_memory(std::move(memory), bytes, Access::ReadOnly);
    if (mapped) return desk_.put(from, mapped.take(), bytes);
  }
  membership_->answer_parked(from.who.id, 0);
}

// Works on one slice in each turn.
void EndpointControl::work_at_desk() {
  if (desk_.empty()) return;
  // The answer would reach no member: the one that handed this over does so again, elsewhere.
  if (!membership_->awaits_kept(desk_.first())) return desk_.drop_first();
  auto finished = desk_.work();
  if (!finished) return;
  const Origin& who = finished->from.who;
  // Without an answer, the member cannot hand over anything else on this connection.
  if (finished->broken)
    return notify(ViolationNotice{{who.id, who.pid, Status::ProtocolViolation}});
  membership_->answer_parked(who.id, finished->messages.size());
  desk_.keep(std::move(*finished));
  sender_.try_kept_later();
}

void EndpointControl::on_refused(Error error) { notify(RefusedNotice{error}); }

Error EndpointControl::introduce(OutboundLink& link) {
  if (!membership_->admitted()) return {Status::NoController};
  return membership_->introduce(link.peer_id(), link.link_id(), link.ring_bytes(),
                                link.introduction_handles());
}

void EndpointControl::notify(Notice notice) {
  if (bells_ == nullptr) return;
  notices_.push_back(std::move(notice));
  bells_->raise();
}

}  // namespace busbar
