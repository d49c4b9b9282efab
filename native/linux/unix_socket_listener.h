// Listener on an AF_UNIX SOCK_SEQPACKET socket. It holds the bus name while the bus's .sock file is
// the file that this socket was bound to.
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
  // Makes a listening socket and lets the name lead to it. The caller holds the NameLock of `place`
  // and has checked that no process answers at the name.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> bind_name(
      std::shared_ptr<const BusPlace> place);

  [[nodiscard]] Result<std::unique_ptr<Channel>> accept() override;
  [[nodiscard]] Result<Handle> share() const override;
  [[nodiscard]] std::uint64_t begin_generation(std::uint64_t at_least) noexcept override;
  [[nodiscard]] bool holds_name() const noexcept override;
  // Leaves the files in place when another process is claiming the name; that claim, or the next,
  // replaces them.
  void release_name(bool bus_ended) noexcept override;

  // For the reactor: readable when a visitor has come, and when the name changed, so that
  // holds_name() must be checked (-1: changes are not reported).
  [[nodiscard]] int borrow_socket() const noexcept;
  [[nodiscard]] int borrow_name_watch() const noexcept { return name_watch_.borrow(); }

  // The file that a name leads to. Our file's inode stays in use while the socket lives, so no
  // other file can get the same numbers.
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
