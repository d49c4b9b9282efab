// What V8's views keep mapped.
#include "node/viewed_memory.h"

#include <map>
#include <mutex>
#include <utility>

namespace busbar::node {
namespace {

// The owners of the memory that V8 has a buffer over. They have numbers, because the finalizer of a
// buffer that could not be made runs at once, later or never, depending on the runtime: let_go()
// does nothing the second time.
class Owners {
 public:
  static Owners& get() {
    // Never destroyed: buffers may outlive everything else.
    static Owners& all = *new Owners();
    return all;
  }

  std::uintptr_t keep(std::shared_ptr<void> owner) {
    const std::lock_guard guard(mutex_);
    owners_.emplace(++last_, std::move(owner));
    return last_;
  }

  void let_go(std::uintptr_t number) {
    // Destroyed after the lock, so that the memory is unmapped without it.
    std::shared_ptr<void> last;
    const std::lock_guard guard(mutex_);
    const auto found = owners_.find(number);
    if (found == owners_.end()) return;
    last = std::move(found->second);
    owners_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::map<std::uintptr_t, std::shared_ptr<void>> owners_;
  std::uintptr_t last_ = 0;
};

void finalize(napi_env, void*, void* number) {
  Owners::get().let_go(reinterpret_cast<std::uintptr_t>(number));
}

}  // namespace

napi_status ViewedMemory::view(napi_env env, void* data, std::size_t bytes,
                               std::shared_ptr<void> owner, napi_value& out,
                               std::uintptr_t& out_number) {
  out_number = Owners::get().keep(std::move(owner));
  const napi_status status = napi_create_external_arraybuffer(
      env, data, bytes, finalize, reinterpret_cast<void*>(out_number), &out);
  if (status != napi_ok) Owners::get().let_go(out_number);
  return status;
}

void ViewedMemory::detach(napi_env env, napi_value buffer, std::uintptr_t number) {
  if (napi_detach_arraybuffer(env, buffer) == napi_ok) Owners::get().let_go(number);
}

}  // namespace busbar::node
