// What the compiler's C++ headers call where they find a mistake. It is younger (macOS 13.3) than
// the systems that the addon runs on, so it comes along.
#include <cstdlib>

namespace std {
inline namespace __1 {

[[noreturn]] __attribute__((visibility("hidden"))) void __libcpp_verbose_abort(const char*, ...) {
  abort();
}

}  // namespace __1
}  // namespace std
