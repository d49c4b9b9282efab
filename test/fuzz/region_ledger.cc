// The ledger of a region, which every holder can write.
#include "core/region/region_ledger.h"

#include <cstring>
#include <memory>

#include "fuzz.h"

FUZZ(bytes) {
  using namespace busbar;
  const auto memory = std::make_unique<std::byte[]>(kLedgerBytes);
  if (!bytes.empty())
    std::memcpy(memory.get(), bytes.data(), std::min<std::size_t>(bytes.size(), kLedgerBytes));
  RegionLedger ledger(memory.get());
  (void)ledger.verify(1, 4096);
  (void)ledger.read_only();
  (void)ledger.total();
  (void)ledger.is_free();
  (void)ledger.watched();
  fuzzing::require(ledger.holders().size() <= 2 * std::size_t{kLedgerSlots});
  if (const auto found = ledger.find_flight({1, 1})) fuzzing::require(*found < kLedgerSlots);
  const auto held = ledger.claim_held(5);
  if (held) {
    ledger.add(held.value());
    (void)ledger.subtract(held.value());
    ledger.free_slot(held.value());
  }
  (void)ledger.purge(5, [](std::uint64_t token) { return token % 2 == 0; });
}
