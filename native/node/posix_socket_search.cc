// Sockets are descriptors, which Node gives; there is nothing to search.
#include "node/socket_search.h"

namespace busbar::node {

std::int64_t find_socket(napi_env, const SocketNames&) { return -1; }

}  // namespace busbar::node
