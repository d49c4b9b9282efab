// Listener on an AF_UNIX SOCK_SEQPACKET socket. It holds the bus name as long as the bus's .sock
// file is the one that this socket was bound to.
#pragma once

#include <sys/types.h>

#include <memory>

#include "base/status.h"
#include "linux/bus_place.h"
#include "linux/name_file_watch.h"
#include "platform/handle.h"
#include "platform/rendezvous.h"

namespace busbar::linux_platform {

class UnixSocketListener final : public Listener {
 public:
  // A new socket that listens and to which the name leads from now on. The caller holds the
  // NameLock of `place` and has made sure that nobody answers there.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> bind_name(
      std::shared_ptr<const BusPlace> place);

  [[nodiscard]] Result<std::unique_ptr<Channel>> accept() override;
  [[nodiscard]] Result<Handle> share() const override;
  [[nodiscard]] std::uint64_t begin_generation(std::uint64_t at_least) noexcept override;
  [[nodiscard]] bool holds_name() const noexcept override;
  // Leaves the files when somebody is just trying to claim the name; that claim, or the next,
  // replaces them.
  void release_name(bool bus_ended) noexcept override;

  // For the reactor: a visitor has come; something happened to the name, and holds_name() is to be
  // asked (-1: not told).
  [[nodiscard]] int borrow_socket() const noexcept;
  [[nodiscard]] int borrow_name_watch() const noexcept { return name_watch_.borrow(); }

  // Which file a name leads to. Ours stays taken as long as the socket lives, so the numbers cannot
  // be given to another file meanwhile.
  struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileIdentity&) const = default;
  };

  UnixSocketListener(Handle socket, std::shared_ptr<const BusPlace> place,
                     FileIdentity file) noexcept;

 private:
  Handle socket_;
  std::shared_ptr<const BusPlace> place_;
  FileIdentity file_;
  NameFileWatch name_watch_;
};

}  // namespace busbar::linux_platform
