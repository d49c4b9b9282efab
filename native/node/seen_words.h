// SeenWords: where the program of one endpoint notes, for each inbound link, what it gets: a word
// in memory that the link's sender reads if this process is killed. JavaScript writes it itself, or
// calls mark() where V8 may not be given that memory.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <unordered_map>

#include "core/endpoint/endpoint.h"

namespace busbar::node {

// On the environment's thread.
class SeenWords {
 public:
  // `external`: V8 may be given memory that it has not allocated.
  explicit SeenWords(bool external) noexcept : external_(external) {}

  // An ArrayBuffer over the word of `slot`; undefined when there is none: then mark() it. Asked for
  // once for each link.
  [[nodiscard]] napi_value open(napi_env env, Endpoint& endpoint, std::uint32_t slot);
  // The program is about to get the message whose position ends in `position`.
  void mark(std::uint32_t slot, std::uint32_t position) noexcept;
  // Detaches the buffer of `slot`.
  void close(napi_env env, std::uint32_t slot);
  void close_all(napi_env env);

 private:
  struct Opened {
    InboundLink::SeenWord word;
    // nullptr: JavaScript calls mark().
    napi_ref buffer = nullptr;
    std::uintptr_t number = 0;
  };

  [[nodiscard]] napi_value view(napi_env env, Opened& opened);
  static void detach(napi_env env, Opened& opened);

  bool external_;
  std::unordered_map<std::uint32_t, Opened> opened_;
};

}  // namespace busbar::node
