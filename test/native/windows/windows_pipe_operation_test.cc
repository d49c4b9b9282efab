// Windows only: a read that is cancelled while its event is signaled for another reason.
#include <string>

#include "support/check.h"
#include "windows/named_pipe.h"
#include "windows/pipe_operation.h"
#include "windows/windows_api.h"

using namespace busbar;
using namespace busbar::windows_platform;

TEST(windows_pipe_operation_that_was_cancelled_is_over) {
  const std::string name =
      "\\\\.\\pipe\\busbar-test-" + std::to_string(::GetCurrentProcessId()) + "-cancelled";
  auto mine = create_pipe(name, 1);
  auto theirs = open_pipe(name);
  auto reading = PipeOperation::create(64);
  auto writing = PipeOperation::create(64);
  REQUIRE(mine.ok() && theirs.ok() && reading.ok() && writing.ok());
  PipeOperation& read = *reading.value();
  const RawHandle pipe = borrow_handle(mine.value());
  std::size_t bytes = 0;
  for (int round = 0; round < 100; ++round) {
    read.read(pipe);
    // As an owner does to have the operation checked.
    read.signal();
    CHECK(!read.cancel(pipe, bytes));
    // A cancelled read writes nothing any more.
    read.buffer()[0] = std::byte{0};
    writing.value()->buffer()[0] = std::byte{9};
    writing.value()->write(borrow_handle(theirs.value()), 1);
    CHECK(writing.value()->finish(borrow_handle(theirs.value()), bytes) == ERROR_SUCCESS);
    CHECK(read.buffer()[0] == std::byte{0});
    // The byte is still there to read.
    read.read(pipe);
    while (read.finish(pipe, bytes) == ERROR_IO_INCOMPLETE) ::Sleep(0);
    CHECK_EQ(bytes, std::size_t{1});
    CHECK(read.buffer()[0] == std::byte{9});
  }
}
