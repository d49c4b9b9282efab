// Observers: the observers of the bus as a Sender sees them: which of them want copies of what, and
// the copies. A copy never waits and never fails a send: what an observer has no room for is
// counted on its link, and the observer learns the count. Every call with the endpoint's lock held.
//
// Which observers want the messages between two members is worked out when the directory has
// changed, not for each message: the result is a mask with one bit for each observer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/directory/directory_reader.h"
#include "core/endpoint/recipients.h"
#include "core/ring/observation.h"
#include "platform/platform.h"

namespace busbar {

inline constexpr auto kEveryObserver = static_cast<ObserverMask>(~0U);

// What Observers need of the Sender around them.
class CopyOutlet {
 public:
  virtual ~CopyOutlet() = default;
  // A link to the observer, introduced or about to be; nullptr when none can be made now.
  [[nodiscard]] virtual Recipient* open_for_copies(std::uint64_t id, std::uint32_t pid) = 0;
  // A copy is in the observer's ring, or a look at the link is due.
  virtual void tend_after_copy(Recipient& observer) = 0;
};

class Observers {
 public:
  // `observable`: whether observers may get anything of this endpoint. All others outlive it.
  Observers(Platform& platform, CopyOutlet& outlet, Recipients& recipients,
            bool observable) noexcept
      : platform_(platform), outlet_(outlet), recipients_(recipients), observable_(observable) {}

  [[nodiscard]] bool observable() const noexcept { return observable_; }
  // There are some that may get copies.
  [[nodiscard]] bool any() const noexcept { return used_ != 0; }

  // After a refresh of the directory, before masks are asked for. Works the masks of all recipients
  // out again.
  void look(const DirectoryReader& directory, std::uint64_t self_id);
  // Another directory: everything is to be looked at again.
  void forget_directory() noexcept { seen_epoch_ = 0; }

  // Those that want what this endpoint sends, whoever gets it.
  [[nodiscard]] ObserverMask of_sender() const noexcept { return of_sender_; }
  // Those that want what `receiver` gets from this endpoint; none if it is not observable.
  [[nodiscard]] ObserverMask between(const Member& receiver) const noexcept;
  // Those that choose by this member alone, observable or not.
  [[nodiscard]] ObserverMask about(std::uint64_t id, const Label& label) const noexcept;

  // When the message that is to be sent now is sent: read before it is under way, so that what
  // follows from it has no earlier time. 0, without a look at the clock, while none of `mask` has
  // room for a copy.
  [[nodiscard]] std::uint64_t time_before(ObserverMask mask) const noexcept;
  // Of `mask`, those that want this type and have room for a copy. The message is counted as lost
  // for the others that want it.
  [[nodiscard]] ObserverMask choose(ObserverMask mask, const Uuid& type);
  // Copies the message for these; choose() has returned the mask. A message without a time has that
  // of its copy.
  void copy(ObserverMask mask, ObservedMessage& message);

  // Nothing goes to `gone` any more.
  void forget(const Recipient& gone) noexcept;
  [[nodiscard]] std::size_t link_count() const noexcept;

 private:
  struct Place {
    // 0: no observer.
    std::uint64_t id = 0;
    std::uint32_t pid = 0;
    std::shared_ptr<const ObserverConditions> conditions;
    Recipient* to = nullptr;
    // Its link broke: it gets nothing any more.
    bool broken = false;
    // Lost before there was a link.
    std::uint64_t lost = 0;
    std::optional<TimePoint> retry_at{};
  };
  static_assert(sizeof(ObserverMask) * 8 == kMaxObservers);

  [[nodiscard]] static constexpr ObserverMask bit(std::size_t place) noexcept {
    return static_cast<ObserverMask>(1U << place);
  }
  [[nodiscard]] static bool is_linked(const Place& place) noexcept;
  [[nodiscard]] std::uint64_t clock() const noexcept;
  void drop_absent(const DirectoryReader& directory);
  void add_new(const DirectoryReader& directory);
  [[nodiscard]] bool open(Place& place);

  Platform& platform_;
  CopyOutlet& outlet_;
  Recipients& recipients_;
  const bool observable_;
  std::array<Place, kMaxObservers> places_;
  // The places that are in use.
  ObserverMask used_ = 0;
  ObserverMask of_sender_ = 0;
  std::uint64_t seen_epoch_ = 0;
};

}  // namespace busbar
