// NameBell on a FIFO: one byte in it makes the FIFO readable in every epoll that watches it, until
// somebody reads the byte. The FIFO has a name in the file system because newcomers ring it, and
// they know only the name of the bus.
#pragma once

#include <memory>

#include "base/status.h"
#include "linux/bus_place.h"
#include "platform/handle.h"
#include "platform/rendezvous.h"

namespace busbar::linux_platform {

class FifoNameBell final : public NameBell {
 public:
  // Opens the FIFO that has the name now; NoController when there is none.
  [[nodiscard]] static Result<std::unique_ptr<FifoNameBell>> open(const BusPlace& place);
  // Whether a process has the FIFO open that has the name now.
  [[nodiscard]] static bool is_open_anywhere(const BusPlace& place) noexcept;
  // Creates the FIFO that will be the next holder's bell. The caller holds the NameLock.
  [[nodiscard]] static Error make_fresh(const BusPlace& place);

  explicit FifoNameBell(Handle fifo) noexcept;
  void ring() noexcept override;
  [[nodiscard]] bool is_rung() const noexcept override;
  [[nodiscard]] bool is_same(const NameBell& other) const noexcept override;
  void quiet() noexcept override;

  [[nodiscard]] int borrow_fifo() const noexcept;

 private:
  Handle fifo_;
};

}  // namespace busbar::linux_platform
