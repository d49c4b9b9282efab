// Seeking, the member's half of the handshake, and taking office.
#include <utility>

#include "core/membership/membership_impl.h"

namespace busbar {
void Membership::Impl::start() {
  turn([&] {
    if (phase_ != Phase::Idle || leaving_.requested()) return;
    auto instance = draw_number(platform_);
    if (!instance) return give_up(instance.error());
    auto rendezvous = platform_.open_rendezvous(config_.identifier);
    if (!rendezvous) return give_up(rendezvous.error());
    instance_ = instance.value();
    seeker_ = std::make_unique<Seeker>(platform_, rendezvous.take());
    seeker_->look_now();
    phase_ = Phase::Seeking;
  });
}

void Membership::Impl::seek() {
  const SeekRules rules{
      .may_claim = may_claim(), .survivor = id_ != 0, .unanswering = unanswering_};
  Seeker::Find find = seeker_->look(rules);
  if (auto* reached = std::get_if<Seeker::Reached>(&find)) {
    greet(std::move(*reached));
  } else if (auto* claimed = std::get_if<Seeker::Claimed>(&find)) {
    take_office(std::move(*claimed));
  } else if (const auto* error = std::get_if<Error>(&find)) {
    give_up(*error);
  } else if (leaving_.begun() && !leaving_.has_parcels() &&
             std::holds_alternative<Seeker::Vacant>(find)) {
    finish_leaving();
  }
}

void Membership::Impl::greet(Seeker::Reached reached) {
  auto channel = ControlChannel::create(reactor_, tokens_, std::move(reached.channel));
  if (!channel) return fail_or_start_over(channel.error());
  auto nonce = draw_nonce(platform_);
  if (!nonce) return fail_or_start_over(nonce.error());
  nonces_.member = nonce.value();
  if (controller_) controller_->expect_self(nonces_.member);

  inherited_door_.close();
  channel_ = channel.take();
  holder_ =
      std::make_unique<NameHolder>(reactor_, tokens_, reached.holder, std::move(reached.bell));
  phase_ = Phase::Greeting;
  asked_others_ = 0;
  if (!controller_) await_answer(patience_ / 2);
  if (!channel_->send(HelloFrame{.nonce = nonces_.member}).ok()) start_over();
}

void Membership::Impl::on_challenge(const ChallengeFrame& challenge) {
  nonces_.controller = challenge.nonce;
  const BusSecret secret{config_.identifier, config_.token};
  if (challenge.version != kControlVersion) return give_up({Status::VersionMismatch});
  if (!constant_time_equal(challenge.proof, controller_proof(secret, nonces_))) {
    return give_up({Status::TokenMismatch});
  }
  const AnnounceFrame announce{.proof = member_proof(secret, nonces_),
                               .controller_affinity = config_.controller_affinity,
                               .instance = instance_,
                               .previous_id = id_,
                               .label_revision = label_revision_,
                               .label = config_.label,
                               .observes = config_.observes,
                               .observable = config_.observable};
  const Handle* directory = &directory_;
  const bool brings_directory = id_ != 0 && directory_.valid();
  const Error sent = channel_->send_now(announce, {&directory, brings_directory ? 1U : 0U});
  if (!sent.ok()) return start_over();
  phase_ = Phase::Announced;
  // The controller may let newcomers wait for members of the generation before.
  asked_others_ = 0;
  if (!controller_) await_answer(kReturnTime + patience_ / 2);
}

void Membership::Impl::on_welcome(const WelcomeFrame& welcome, Handle directory) {
  // The id may differ from the former one, if another endpoint has that by now.
  auto reader = adopt_directory(welcome, std::move(directory));
  if (!reader) return fail_or_start_over(reader.error());
  const bool returns = id_ != 0;
  id_ = welcome.id;
  generation_ = welcome.generation;
  phase_ = Phase::Member;
  deadlines_.clear(Deadline::Answer);
  unanswering_ = 0;
  patience_ = kPatience;
  seeker_->found();
  holder_->listen();
  if (leaving_.begun()) {
    if (returns) (void)channel_->send(ArrivedFrame{});
    return send_leave();
  }
  // The awaited epoch was another directory's: the endpoint reads this one and asks again.
  if (awaited_epoch_) {
    awaited_epoch_ = 0;
    ask_for_change();
  }
  ControllerChange change{.generation = welcome.generation,
                          .controller_id = reader.value()->controller_id(),
                          .self = controller_ != nullptr};
  if (lost_at_) change.gap = platform_.now() - *std::exchange(lost_at_, std::nullopt);
  events_.on_admitted(id_, reader.take(), change);
  // Sent when the endpoint reads the new directory, since others wait for that.
  if (returns) (void)channel_->send(ArrivedFrame{});
  if (relabelling_) send_label();
}

// The endpoint gets the mapping; Membership keeps a handle on the memory.
Result<std::unique_ptr<DirectoryReader>> Membership::Impl::adopt_directory(
    const WelcomeFrame& welcome, Handle directory) {
  if (welcome.directory_bytes != kDirectoryBytes) return Status::ProtocolViolation;
  auto memory = platform_.adopt_memory(std::move(directory), kDirectoryBytes, Access::ReadOnly);
  if (!memory) return memory.error();
  auto handle = memory.value()->share();
  if (!handle) return handle.error();
  memory.value()->stop_sharing();
  auto reader = DirectoryReader::create(memory.take());
  if (reader) directory_ = handle.take();
  return reader;
}

void Membership::Impl::start_over() {
  if (phase_ == Phase::Member) return lose_controller();
  disconnect();
  phase_ = Phase::Seeking;
  seeker_->look_later();
}

void Membership::Impl::fail_or_start_over(Error why) {
  const bool theirs = why.status == Status::PeerGone || why.status == Status::ProtocolViolation;
  if (theirs || id_ != 0) return start_over();
  give_up(why);
}

void Membership::Impl::disconnect() {
  channel_.reset();
  holder_.reset();
  deadlines_.clear(Deadline::Answer);
  deadlines_.clear(Deadline::Listen);
  asked_again_ = false;
  leaving_.forget_sent();
  controller_awaits_kept_ = false;
  rung_ = false;
}

void Membership::Impl::lose_controller() {
  disconnect();
  phase_ = Phase::Seeking;
  seeker_->look_now();
  if (!lost_at_) lost_at_ = platform_.now();
  if (leaving_.begun()) hurry_leaving();
}

// This endpoint has the name. Its own membership is renewed like that of every other member.
void Membership::Impl::take_office(Seeker::Claimed claimed) {
  inherited_door_.close();
  const std::unique_ptr<DirectoryReader> known = open_known_directory();
  Controller::Inheritance inherited{.generation = generation_,
                                    .self_id = id_,
                                    .directory = known.get(),
                                    .awaits_survivors = claimed.has_members && !known};
  if (known) inherited.generation = known->generation();
  auto controller =
      Controller::create(platform_, reactor_, tokens_, {config_.identifier, config_.token},
                         std::move(claimed.listener), config_.limits, inherited, *this);
  if (!controller) {
    if (id_ == 0) return give_up(controller.error());
    return seeker_->look_later();
  }
  controller_ = controller.take();
  seeker_->look_now();
}

std::unique_ptr<DirectoryReader> Membership::Impl::open_known_directory() {
  if (!directory_.valid()) return nullptr;
  auto memory = platform_.adopt_memory(std::move(directory_), kDirectoryBytes, Access::ReadOnly);
  if (!memory) return nullptr;
  if (auto handle = memory.value()->share()) directory_ = handle.take();
  auto reader = DirectoryReader::create(memory.take());
  if (!reader || !reader.value()->refresh()) return nullptr;
  return reader.take();
}

// The controller leaves and this endpoint is its successor: it deposes the leaver, which does not
// answer any more. It does not accept on the leaver's listener, since the leaver may have kept it
// and could make any call on it block. It only keeps that listener open until the name leads to its
// own: endpoints that wait there see it close then and look for the name again. A successor that is
// leaving itself closes the listener: all find the name without a holder, and the next one takes
// it.
void Membership::Impl::succeed(const SucceedFrame& frame, Handle door) {
  const bool wanted = may_claim() && !controller_ && holder_->number() == frame.holder;
  lose_controller();
  if (!wanted) return;
  unanswering_ = frame.holder;
  inherited_door_ = std::move(door);
}

void Membership::Impl::give_up(Error why) {
  if (leaving_.begun()) return finish_leaving();
  inherited_door_.close();
  disconnect();
  controller_.reset();
  phase_ = Phase::Ended;
  events_.on_refused(why);
}

}  // namespace busbar
