// The states of a stranger: accepted -> Hello -> Challenge -> Announce -> applicant. Any other
// frame, or silence for too long, closes its connection.
#include "core/controller/admission.h"

#include <algorithm>
#include <utility>

namespace busbar {
namespace {

using std::chrono::milliseconds;

// Time for the whole handshake; generous, for a machine that is swapping.
constexpr milliseconds kStrangerTime{2000};
// When all places are taken, the oldest stranger is closed for a new one, but not before this time.
constexpr milliseconds kStrangerGrace{50};
// How long the door stays closed when accept() failed because no descriptor was left: the listener
// would stay readable, and the control thread would not sleep.
constexpr milliseconds kDoorPause{10};
// Connections accepted in one turn, so that members are served in between.
constexpr int kAcceptBatch = 32;

}  // namespace

Result<std::unique_ptr<Admission>> Admission::create(Platform& platform, Reactor& reactor,
                                                     TokenSource& tokens, BusSecret secret,
                                                     std::unique_ptr<Listener> listener) {
  std::unique_ptr<Admission> admission(
      new Admission(platform, reactor, tokens, std::move(secret), std::move(listener)));
  const Error opened = admission->open_door();
  if (!opened.ok()) return opened;
  return admission;
}

Admission::Admission(Platform& platform, Reactor& reactor, TokenSource& tokens, BusSecret secret,
                     std::unique_ptr<Listener> listener)
    : platform_(platform),
      reactor_(reactor),
      tokens_(tokens),
      secret_(std::move(secret)),
      listener_(std::move(listener)) {}

Admission::~Admission() {
  if (listener_token_ != 0) reactor_.forget(listener_token_);
}

Error Admission::open_door() {
  const std::uint64_t token = tokens_.next();
  const Error watched = reactor_.watch(*listener_, token);
  if (watched.ok()) listener_token_ = token;
  return watched;
}

void Admission::close_door_until(TimePoint time) noexcept {
  reactor_.forget(listener_token_);
  listener_token_ = 0;
  door_opens_ = time;
}

bool Admission::handle(const Readiness& readiness) {
  if (readiness.token == listener_token_) {
    accept();
    return true;
  }
  for (auto stranger = strangers_.begin(); stranger != strangers_.end(); ++stranger) {
    if (stranger->channel->token() != readiness.token) continue;
    if (readiness.writable) stranger->channel->flush();
    if (readiness.readable) serve(stranger);
    return true;
  }
  return false;
}

void Admission::accept() {
  for (int taken = 0; taken < kAcceptBatch; ++taken) {
    const TimePoint now = platform_.now();
    if (strangers_.size() == kMaxStrangers) {
      const TimePoint yields = strangers_.front().since + kStrangerGrace;
      if (now < yields) return close_door_until(yields);
      strangers_.pop_front();
    }
    auto channel = listener_->accept();
    if (channel.status() == Status::WouldBlock) return;
    if (!channel) return close_door_until(now + kDoorPause);
    if (channel.value()->peer().user != platform_.self().user) continue;
    auto watched = ControlChannel::create(reactor_, tokens_, channel.take());
    if (!watched) return close_door_until(now + kDoorPause);
    strangers_.push_back({watched.take(), now, std::nullopt, false});
  }
}

void Admission::serve(Strangers::iterator stranger) {
  auto datagram = stranger->channel->receive();
  if (datagram.status() == Status::WouldBlock) return;
  // One frame a turn: after it, the stranger may be a member, whose frames are served elsewhere.
  bool stays = datagram.ok();
  if (stays) {
    auto frame = decode_frame(datagram.value().bytes, datagram.value().handles.size());
    stays = frame.ok() && on_frame(stranger, frame.take(), std::move(datagram.value().handles));
  }
  if (!stays) strangers_.erase(stranger);
  if (door_opens_ && listener_token_ == 0 && strangers_.size() < kMaxStrangers) {
    door_opens_ = std::min(*door_opens_, platform_.now());
  }
}

bool Admission::on_frame(Strangers::iterator stranger, ControlFrame frame,
                         std::vector<Handle> handles) {
  if (const auto* hello = std::get_if<HelloFrame>(&frame)) {
    return !stranger->nonces && on_hello(*stranger, *hello);
  }
  if (auto* announce = std::get_if<AnnounceFrame>(&frame)) {
    return stranger->nonces && on_announce(stranger, std::move(*announce), std::move(handles));
  }
  return false;
}

bool Admission::on_hello(Stranger& stranger, const HelloFrame& hello) {
  const std::uint16_t version = common_version(hello);
  if (version == 0) {
    (void)stranger.channel->send(RefuseFrame{Status::VersionMismatch});
    return false;
  }
  auto nonce = draw_nonce(platform_);
  if (!nonce) return false;
  stranger.nonces = NoncePair{hello.nonce, nonce.value()};
  stranger.is_self = self_nonce_ == hello.nonce;
  const ChallengeFrame challenge{version, nonce.value(),
                                 controller_proof(secret_, *stranger.nonces)};
  return stranger.channel->send(challenge).ok();
}

bool Admission::on_announce(Strangers::iterator stranger, AnnounceFrame announce,
                            std::vector<Handle> handles) {
  if (!constant_time_equal(announce.proof, member_proof(secret_, *stranger->nonces))) {
    (void)stranger->channel->send(RefuseFrame{Status::TokenMismatch});
    return false;
  }
  Handle directory = handles.empty() ? Handle() : std::move(handles.front());
  applicants_.push_back(
      {std::move(stranger->channel), std::move(announce), std::move(directory), stranger->is_self});
  return false;
}

std::optional<TimePoint> Admission::next_deadline() const noexcept {
  std::optional<TimePoint> earliest = door_opens_;
  if (!strangers_.empty()) {
    const TimePoint leaves = strangers_.front().since + kStrangerTime;
    if (!earliest || leaves < *earliest) earliest = leaves;
  }
  return earliest;
}

void Admission::handle_deadline() {
  const TimePoint now = platform_.now();
  while (!strangers_.empty() && strangers_.front().since + kStrangerTime <= now) {
    strangers_.pop_front();
  }
  if (door_opens_ && *door_opens_ <= now) {
    door_opens_.reset();
    if (!open_door().ok()) door_opens_ = now + kDoorPause;
  }
}

std::vector<Applicant> Admission::take_applicants() { return std::exchange(applicants_, {}); }

}  // namespace busbar
