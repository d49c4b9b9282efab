// Roster: all members as the controller knows them, and the directory that shows them to members.
// Keeps the two equal; decides nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/control/control_channel.h"
#include "core/controller/process_watches.h"
#include "core/directory/directory_writer.h"
#include "platform/platform.h"

namespace busbar {

// How long a provisional member whose process lives may take to announce itself before it counts as
// gone: it may have left while there was no controller.
inline constexpr std::chrono::seconds kReturnLimit{5};

// An introduction that waits for its receiver to announce itself again.
struct HeldIntroduction {
  IntroducedFrame frame;
  std::vector<Handle> handles;
};

struct RosterMember {
  Member facts;
  std::size_t entry = 0;
  // nullptr while the member is provisional.
  std::unique_ptr<ControlChannel> channel;
  // Set while the member waits for Changed, once the directory is past this epoch.
  std::optional<std::uint64_t> awaited_epoch;
  std::vector<HeldIntroduction> held;
  // Messages that it handed over on this connection have not been answered yet.
  bool awaits_kept = false;
  // It has come from the generation before, and may still read that directory.
  bool arriving = false;
  // The label that it asked for, until it is in the directory.
  std::optional<RelabelFrame> wanted_label;
  // While provisional: when it must have announced itself, if its process lives.
  TimePoint expected_by{};
  // Known only from another member: removed when overdue even if its process is stopped.
  bool hearsay = false;

  [[nodiscard]] bool provisional() const noexcept { return channel == nullptr; }
};

// On the control thread. Pointers to members stay valid until that member is removed.
class Roster {
 public:
  using Members = std::map<std::uint64_t, RosterMember>;

  // An empty roster for a new generation; draws the prefix of its ids.
  [[nodiscard]] static Result<std::unique_ptr<Roster>> create(Platform& platform, Reactor& reactor,
                                                              TokenSource& tokens,
                                                              std::uint64_t generation,
                                                              std::uint64_t epoch);

  // An id never used before: a random prefix of 32 bits drawn by each controller, then a counter of
  // 20 bits.
  [[nodiscard]] Result<std::uint64_t> new_id();
  // Lists a member with its channel; LimitExceeded when the bus is full.
  [[nodiscard]] Result<RosterMember*> add(Member facts, std::unique_ptr<ControlChannel> channel);
  // The source of the statement that an endpoint is a member.
  enum class Source : std::uint8_t {
    // The former controller, in a directory that this process got from it.
    Controller,
    // Another member, in a directory that it brought.
    Member,
  };
  // Lists a member of the generation before, unless it is listed already, as provisional.
  // LimitExceeded when the bus is full.
  [[nodiscard]] Error import(const Member& listed, Source source);
  // A provisional member has announced itself.
  void confirm(RosterMember& member, std::unique_ptr<ControlChannel> channel, std::uint32_t flags);
  // A member that has come from the generation before is on its way to this directory, or there.
  void set_arriving(RosterMember& member, bool arriving) noexcept;
  // Shows the member by this label from now on.
  void set_label(RosterMember& member, Label label, std::uint64_t revision);
  // Closes the channel of a member which then has to announce itself again.
  void demote(RosterMember& member);
  // The provisional members that must have announced themselves by now and are not stopped.
  [[nodiscard]] std::vector<std::uint64_t> overdue();
  // When to call overdue() next; nullopt while no member is provisional.
  [[nodiscard]] std::optional<TimePoint> next_overdue() const noexcept;
  // Returns the member's channel, if it has one, for a last frame.
  std::unique_ptr<ControlChannel> remove(std::uint64_t id);

  [[nodiscard]] Members& members() noexcept { return members_; }
  // nullptr when there is no such member.
  [[nodiscard]] RosterMember* find(std::uint64_t id) noexcept;
  [[nodiscard]] RosterMember* find_by_token(std::uint64_t token) noexcept;
  // The member by its instance number, for an endpoint that may not know its id yet.
  [[nodiscard]] RosterMember* find_instance(std::uint32_t pid, std::uint64_t instance) noexcept;
  [[nodiscard]] std::size_t provisional_count() const noexcept { return provisional_; }
  [[nodiscard]] std::size_t observer_count() const noexcept;
  [[nodiscard]] std::size_t arriving_count() const noexcept { return arriving_; }
  // Handles of all introductions that are held or queued.
  [[nodiscard]] std::size_t waiting_handles() const noexcept;
  // Handles of the introductions that one member sent.
  [[nodiscard]] std::size_t waiting_handles_of(std::uint64_t sender) const noexcept;

  [[nodiscard]] DirectoryWriter& directory() noexcept { return *directory_; }
  [[nodiscard]] ProcessWatches& processes() noexcept { return processes_; }

 private:
  Roster(Platform& platform, Reactor& reactor, TokenSource& tokens,
         std::unique_ptr<DirectoryWriter> directory);

  void expect(RosterMember& member);

  Platform& platform_;
  std::unique_ptr<DirectoryWriter> directory_;
  ProcessWatches processes_;
  Members members_;
  std::map<std::uint64_t, std::uint64_t> id_by_token_;
  // If two members claim the same number, the first.
  std::unordered_map<std::uint64_t, std::uint64_t> id_by_instance_;
  std::size_t provisional_ = 0;
  std::size_t arriving_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace busbar
