// The layout of the directory: shared memory that one controller writes and every member maps
// read-only. This file has only the words and their order; DirectoryWriter and DirectoryReader give
// them meaning.
//
// An entry is free while its id is 0. The writer fills a free entry first and stores the id last;
// freeing an entry is one store, and so is a change of flags. Every prefix of the writer's stores
// is therefore a valid directory: a controller killed at any point leaves nothing half-written, and
// no reader waits for it. Ids are never reused, so an entry's id is also its version: a reader that
// finds the same id before and after its copy has copied that member and no other.
//
// An entry has places for two labels, of which `label_turn` chooses one by its lowest bit. A new
// label is written into the other place, and then one store of `label_turn` makes it the member's.
// A reader that finds the same id and the same turn before and after its copy has copied one label:
// its place is written to again only after another turn was stored.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/limits.h"
#include "core/directory/observer_conditions.h"
#include "core/selector/label.h"

namespace busbar {

inline constexpr std::uint64_t kDirectoryMagic = 0x3144425342535542u;
inline constexpr std::uint64_t kDirectoryVersion = 3;
// Ids and generations stay below 2^53, so that a JavaScript number can hold them.
inline constexpr std::uint64_t kIdLimit = std::uint64_t{1} << 53U;

// Flags of a member.
// Known from the previous generation; has not yet registered with this controller.
inline constexpr std::uint32_t kMemberProvisional = 1U << 0U;
// The controller's own endpoint.
inline constexpr std::uint32_t kMemberController = 1U << 1U;
// This member never becomes controller.
inline constexpr std::uint32_t kMemberNoAffinity = 1U << 2U;
// Was the controller before: other members left their messages with it, and it may hand them over.
inline constexpr std::uint32_t kMemberWasController = 1U << 3U;
// No match of any selector: gets copies of what members send. Its conditions are in an
// ObserverEntry.
inline constexpr std::uint32_t kMemberObserver = 1U << 4U;
// No observer gets copies of what this member sends, nor of what is sent to it alone.
inline constexpr std::uint32_t kMemberUnobservable = 1U << 5U;
// What a member is for life, whoever is controller.
inline constexpr std::uint32_t kMemberRole = kMemberObserver | kMemberUnobservable;

// The memory is shared with untrusted processes, so even a torn read must be harmless: every access
// is an atomic access of a whole word.
using SharedWord = std::atomic<std::uint64_t>;
static_assert(SharedWord::is_always_lock_free && sizeof(SharedWord) == 8);

struct alignas(128) DirectoryHeader {
  SharedWord magic;
  SharedWord version;
  SharedWord capacity;
  SharedWord entry_bytes;
  SharedWord generation;
  SharedWord controller_id;
  // How many entries were ever used; the others were never written.
  SharedWord used;
  // Grows with every change, after the change is complete.
  SharedWord epoch;
};
static_assert(sizeof(DirectoryHeader) == 128);

struct DirectoryLabel {
  // The member's own count of its labels, 0 for the label that it joined with.
  SharedWord revision;
  SharedWord bytes;
  SharedWord words[kMaxLabelBytes / 8];
};

struct DirectoryEntry {
  SharedWord id;
  // The epoch of the entry's last change, stored before `epoch` counts the change.
  SharedWord changed_at;
  // pid in the low half, flags in the high half: one store changes both.
  SharedWord pid_and_flags;
  // Identifies an endpoint that never learned its id.
  SharedWord instance;
  SharedWord label_turn;
  DirectoryLabel labels[2];
};
static_assert(kMaxLabelBytes % 8 == 0);

// The conditions of the observer `id`; free while that is 0. Written before the observer's entry,
// and freed after it: a reader that finds the entry unchanged has read the right conditions.
struct ObserverEntry {
  SharedWord id;
  SharedWord condition_bytes;
  SharedWord conditions[kMaxConditionBytes / 8];
};
static_assert(kMaxConditionBytes % 8 == 0);

// Behind the entries of the members.
inline constexpr std::size_t kObserversOffset =
    sizeof(DirectoryHeader) + kMaxMembers * sizeof(DirectoryEntry);
inline constexpr std::size_t kDirectoryBytes =
    kObserversOffset + kMaxObservers * sizeof(ObserverEntry);

}  // namespace busbar
