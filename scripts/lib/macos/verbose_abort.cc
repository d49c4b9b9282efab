// The function that the compiler's C++ headers call on an error. The addon brings it along, because
// it also runs on systems older than macOS 13.3, which lack it.
#include <cstdlib>

namespace std {
inline namespace __1 {

[[noreturn]] __attribute__((visibility("hidden"))) void __libcpp_verbose_abort(const char*, ...) {
  abort();
}

}  // namespace __1
}  // namespace std
