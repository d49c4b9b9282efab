// Leaving: what an endpoint that leaves the bus still has to hand over, and how long it has for
// that. Knows no state of the membership, which decides when and to whom something is sent. Runs
// with the endpoint's lock held.
#pragma once

#include <cstdint>
#include <vector>

#include "core/control/control_channel.h"
#include "core/controller/controller.h"
#include "core/membership/parcel.h"
#include "platform/reactor.h"

namespace busbar {

class Leaving {
 public:
  // The program's wish; only the parcels of the first call count.
  void request(std::vector<Parcel> parcels);
  [[nodiscard]] bool requested() const noexcept { return requested_; }

  // From here on nothing but leaving happens.
  void begin() noexcept { begun_ = true; }
  [[nodiscard]] bool begun() const noexcept { return begun_; }

  // At this moment the endpoint is gone, whatever has been answered by then.
  void end_at(TimePoint time) noexcept { ends_at_ = time; }
  [[nodiscard]] TimePoint ends_at() const noexcept { return ends_at_; }
  // The usual end of an endpoint that begins to leave as a member.
  [[nodiscard]] TimePoint end_as_member(TimePoint now) const noexcept;
  // The end while there is no controller. Without parcels, it comes soon.
  [[nodiscard]] TimePoint end_without_controller(TimePoint now) const noexcept;
  // The end while the successor takes the parcels.
  [[nodiscard]] TimePoint end_of_passing_on(TimePoint now) const noexcept;

  [[nodiscard]] bool has_parcels() const noexcept { return !parcels_.empty(); }
  // As a member: sends the first parcel, or Leave if there is none or it cannot be sent.
  void send_parcel_or_leave(ControlChannel& channel);
  // In office: gives the first parcel to the successor. False: there is no parcel, or no
  // successor.
  [[nodiscard]] bool pass_parcel_on(Controller& controller);
  // True for the first call only: parcels of a successor that is lost are not given to the next.
  [[nodiscard]] bool begin_passing_on() noexcept;
  // The first parcel was answered. False: no answer is due.
  [[nodiscard]] bool on_kept(std::uint64_t messages);
  // The connection is closed: a parcel under way is sent again, to the next controller.
  void forget_sent() noexcept { parcel_sent_ = false; }

  // Of how many messages others have taken charge.
  [[nodiscard]] std::uint64_t kept() const noexcept { return kept_; }

 private:
  bool requested_ = false;
  bool begun_ = false;
  bool passing_on_ = false;
  TimePoint ends_at_;
  // Parcels without an answer, in the order in which they are sent.
  std::vector<Parcel> parcels_;
  // The first of them is under way.
  bool parcel_sent_ = false;
  std::uint64_t kept_ = 0;
};

}  // namespace busbar
