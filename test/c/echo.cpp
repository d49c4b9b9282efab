// The program of echo.c, in C++17.

#include <busbar.hpp>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "kernel_object.h"

namespace {

const busbar_uuid kText = busbar::uuid(BUSBAR_TYPE_TEXT);

bool failed(busbar::Status status) {
  if (!status) std::fprintf(stderr, "%s\n", status.message());
  return !status;
}

// Sends a message back with its metadata and all of its attachments.
bool echo(busbar::Message& message) {
  const busbar_message_info info = message.info();
  std::vector<std::pair<busbar_object, std::int32_t>> objects;
  std::vector<busbar::Region> regions;
  busbar::Outgoing answer(info.type, message.payload());
  answer.format(info.format).metadata(message.metadata());
  for (std::uint32_t i = 0; i < info.object_count; ++i) {
    auto kind = message.object_kind(i);
    if (failed(kind.status())) return false;
    auto object = message.take_object(i);
    if (failed(object.status())) return false;
    objects.emplace_back(*object, *kind);
    answer.object(*object, *kind);
  }
  for (std::uint32_t i = 0; i < info.region_count; ++i) {
    auto region = message.take_region(i);
    if (failed(region.status())) return false;
    regions.push_back(std::move(region).value());
    answer.region(regions.back());
  }
  const busbar::Status sent = message.reply(answer);
  for (const auto& [object, kind] : objects) close_object(object, kind);
  return !failed(sent);
}

bool make(busbar::Message& message) {
  auto region = busbar::Region::create(1U << 16U);
  if (failed(region.status())) return false;
  std::strcpy(reinterpret_cast<char*>(region->bytes().data()), "made in C++");
  return !failed(message.reply(
      busbar::Outgoing(kText, busbar::bytes_of("here it is")).region(*region).object(own_input())));
}

// Answers with the number of others on the bus, and the first label of one of them.
bool count(busbar::Message& message, const busbar::Endpoint& endpoint) {
  auto others = endpoint.multicast("true", BUSBAR_EXCLUDE_SELF);
  if (failed(others.status())) return false;
  auto peers = endpoint.matches(*others);
  if (failed(peers.status()) || peers->empty()) return false;
  const std::string answer = std::to_string(peers->size()) + " " + peers->front().label.front();
  return !failed(message.reply(busbar::Outgoing(kText, busbar::bytes_of(answer))));
}

// Changes its label; answers when all see the new one, from a place in the asker's memory.
bool rename_itself(busbar::Message& message, busbar::Endpoint& endpoint) {
  if (failed(endpoint.relabel({"renamed", "echo"}))) return false;
  auto asker = endpoint.unicast("node");
  if (failed(asker.status())) return false;
  constexpr std::string_view kAnswer = "renamed";
  auto place = endpoint.reserve(*asker, kAnswer.size(), busbar::bytes_of("beside"));
  if (failed(place.status())) return false;
  std::memcpy(place->place().data(), kAnswer.data(), kAnswer.size());
  auto receipt = place->commit_with_receipt(kText);
  return !failed(receipt.status()) && receipt->peer_id == message.info().from_id;
}

// Observes its own answer, and says what the observer saw: the size of the payload, its beginning,
// its receiver, and the number of observers.
bool observe(busbar::Message& message, const busbar::Endpoint& endpoint, const char* bus) {
  auto observer = busbar::Endpoint::observe(bus, nullptr, {kText}, 8);
  if (failed(observer.status())) return false;
  if (failed(message.reply(busbar::Outgoing(kText, busbar::bytes_of("observing"))))) return false;
  auto seen = observer->receive();
  if (failed(seen.status())) return false;
  auto observation = seen->observation();
  auto observers = endpoint.observers();
  if (failed(observation.status()) || failed(observers.status())) return false;
  const std::string answer = std::to_string(observation->payload_bytes) + " " +
                             std::string(busbar::text_of(seen->payload())) + " " +
                             std::to_string(observation->receivers[0]) + " " +
                             std::to_string(observers->size());
  return !failed(message.reply(busbar::Outgoing(kText, busbar::bytes_of(answer))));
}

int run(const char* bus, const char* label) {
  auto joined = busbar::Endpoint::join(bus, {label, "echo"});
  if (failed(joined.status())) return 1;
  busbar::Endpoint endpoint = std::move(joined).value();
  std::printf("%llu %d\n", static_cast<unsigned long long>(endpoint.id()),
              endpoint.is_controller() ? 1 : 0);
  std::fflush(stdout);
  for (;;) {
    auto message = endpoint.receive();
    if (failed(message.status())) return 1;
    const bool is_text = message->info().type == kText;
    const std::string_view said = is_text ? busbar::text_of(message->payload()) : "";
    if (said == "leave") break;
    const bool done = said == "make"      ? make(*message)
                      : said == "count"   ? count(*message, endpoint)
                      : said == "rename"  ? rename_itself(*message, endpoint)
                      : said == "observe" ? observe(*message, endpoint, bus)
                                          : echo(*message);
    if (!done) return 1;
  }
  return failed(endpoint.close()) ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) { return argc == 3 ? run(argv[1], argv[2]) : 2; }
