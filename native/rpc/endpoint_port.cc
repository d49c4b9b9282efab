// The port over a bus: joins, sends, and finds who matches.
#include "rpc/endpoint_port.h"

namespace busbar::rpc::detail {

namespace {

// Peers in one selector: its expression may not become too large.
constexpr std::size_t kPeersInSelector = 128;

struct EndpointTarget final : Target {
  explicit EndpointTarget(busbar::Selector its_selector) : selector(std::move(its_selector)) {}
  busbar::Selector selector;
};

}  // namespace

Status EndpointPort::join(const char* bus, const SessionOptions& options) {
  busbar_join_options join = options.join;
  std::vector<const char*> label;
  label.reserve(options.label.size());
  for (const std::string& each : options.label) label.push_back(each.c_str());
  join.size = sizeof join;
  join.label = label.data();
  join.label_count = label.size();
  if (!options.token.empty()) join.token = options.token.c_str();
  join.on_event = &EndpointPort::on_event;
  join.context = this;
  const Status status(busbar_endpoint_join(bus, &join, &endpoint_));
  if (!status) return status;
  id_ = busbar_endpoint_id(endpoint_);
  busbar_endpoint_watch_peers(endpoint_, 1);
  return status;
}

EndpointPort::~EndpointPort() { close(); }

void EndpointPort::close() {
  if (endpoint_ == nullptr) return;
  selectors_.clear();
  (void)busbar_endpoint_close(std::exchange(endpoint_, nullptr), 1000, nullptr);
}

void EndpointPort::on_event(void* context, const busbar_event* event) {
  switch (event->kind) {
    case BUSBAR_EVENT_UNDELIVERED:
    case BUSBAR_EVENT_DISCONNECTED:
    case BUSBAR_EVENT_VIOLATION:
    case BUSBAR_EVENT_ROOM:
    case BUSBAR_EVENT_PEER_JOINED:
    case BUSBAR_EVENT_PEER_LEFT:
    case BUSBAR_EVENT_PEER_ENDED:
    case BUSBAR_EVENT_PEER_RELABELLED:
      static_cast<EndpointPort*>(context)->host_.told(event->kind, event->peer_id,
                                                      event->message_id);
      break;
    default:
      break;
  }
}

busbar_status EndpointPort::receive(std::int32_t timeout, std::optional<Arrived>& arrived) {
  busbar_message* received = nullptr;
  const busbar_status status = busbar_endpoint_receive(endpoint_, timeout, &received);
  if (status == BUSBAR_OK) arrived.emplace(busbar::Message(received));
  return status;
}

Status EndpointPort::relabel(const std::vector<std::string>& label, const std::vector<Offered>&) {
  std::vector<const char*> texts;
  texts.reserve(label.size());
  for (const std::string& each : label) texts.push_back(each.c_str());
  return Status(busbar_endpoint_relabel(endpoint_, texts.data(), texts.size(), 5000));
}

const busbar_selector* EndpointPort::selector_of(std::uint64_t peer) {
  const auto found = selectors_.find(peer);
  if (found != selectors_.end()) return found->second.get();
  busbar_selector* made = nullptr;
  const std::string text = "#" + std::to_string(peer);
  if (busbar_selector_parse(endpoint_, text.c_str(), BUSBAR_UNICAST, &made) != BUSBAR_OK)
    return nullptr;
  return selectors_.emplace(peer, busbar::Selector(made)).first->second.get();
}

Posted EndpointPort::post(std::uint64_t peer, const busbar_uuid& type, std::uint16_t format,
                          std::uint64_t reply_to, const Encoded& body, Bytes metadata, bool cork) {
  busbar_outgoing message{};
  message.size = sizeof message;
  message.when_full = BUSBAR_WHEN_FULL_REFUSE;
  message.type = type;
  message.format = format;
  message.reply_to = reply_to;
  message.payload = body.payload.data();
  message.payload_bytes = body.payload.size();
  message.metadata = metadata.data();
  message.metadata_bytes = metadata.size();
  std::vector<busbar_region_range> regions;
  for (const Region& region : body.attachments.regions) {
    regions.push_back({region.get(), 0, region.bytes().size()});
  }
  std::vector<busbar_object> objects;
  std::vector<std::int32_t> kinds;
  for (const Object& object : body.attachments.objects) {
    objects.push_back(object.get());
    kinds.push_back(object.kind());
  }
  message.regions = regions.data();
  message.region_count = regions.size();
  message.objects = objects.data();
  message.object_kinds = kinds.data();
  message.object_count = objects.size();
  message.corked = cork ? 1 : 0;
  const busbar_selector* selector = selector_of(peer);
  if (selector == nullptr) return kRefused;
  busbar_receipt receipt{};
  receipt.size = sizeof receipt;
  switch (busbar_endpoint_send_with_receipt(endpoint_, selector, &message, &receipt)) {
    case BUSBAR_OK:
      return static_cast<Posted>(receipt.id);
    case BUSBAR_QUEUE_FULL:
      return kFull;
    case BUSBAR_NO_RECIPIENT:
    case BUSBAR_PEER_GONE:
    case BUSBAR_CLOSED:
      return kGone;
    default:
      return kRefused;
  }
}

void EndpointPort::flush() { busbar_endpoint_flush(endpoint_); }

// A message to itself is what wakes a thread that waits for messages. At once, even on the thread
// itself, which may be told of events while it waits.
void EndpointPort::wake() {
  const std::uint16_t format = busbar_rpc_format(BUSBAR_RPC_NOTHING, 0, 0);
  (void)post(id_, busbar_rpc_answer_type(), format, 0, {}, {}, false);
}

std::shared_ptr<Target> EndpointPort::target(const std::string& label, const std::string& to,
                                             std::string& problem) {
  using Expression = busbar::detail::Owner<busbar_expression, busbar_expression_free>;
  const auto refused = [&](std::string text) {
    problem = std::move(text);
    return nullptr;
  };
  busbar_expression* made = nullptr;
  if (busbar_expression_label(label.c_str(), &made) != BUSBAR_OK)
    return refused(label + " is no label");
  Expression expression(made);
  if (!to.empty()) {
    // Parsed alone, so that no bracket in it leads out of the condition.
    std::size_t offset = 0;
    if (busbar_expression_parse(to.c_str(), &made, &offset) != BUSBAR_OK)
      return refused("to is '" + to + "', which is no condition; see column " +
                     std::to_string(offset + 1));
    const Expression condition(made);
    if (busbar_expression_and(expression.get(), condition.get(), &made) != BUSBAR_OK)
      return refused("to is too long");
    expression.reset(made);
  }
  busbar_selector* selector = nullptr;
  if (busbar_selector_create(endpoint_, expression.get(), BUSBAR_UNICAST, &selector) != BUSBAR_OK)
    return refused("too many conditions are in use");
  return std::make_shared<EndpointTarget>(busbar::Selector(selector));
}

void EndpointPort::find_peers(Target& target) {
  busbar_peer_list* list = nullptr;
  const busbar_selector* selector = static_cast<EndpointTarget&>(target).selector.get();
  if (busbar_endpoint_matching_peers(endpoint_, selector, &list) != BUSBAR_OK) return;
  const busbar::detail::Owner<busbar_peer_list, busbar_peer_list_free> owned(list);
  for (std::size_t at = 0; at < busbar_peer_list_count(list); ++at) {
    target.peers.push_back(busbar_peer_list_id(list, at));
  }
}

void EndpointPort::emit(Subscribers& subscribers, const busbar_uuid& type, std::uint16_t format,
                        const Encoded& body, const char* key) {
  using Selectors = std::vector<busbar::Selector>;
  if (subscribers.prepared == nullptr) {
    auto made = std::make_shared<Selectors>();
    std::string text;
    std::size_t count = 0;
    for (const auto& [peer, subscriptions] : subscribers.peers) {
      text += (text.empty() ? "#" : " | #") + std::to_string(peer);
      if (++count % kPeersInSelector != 0 && count != subscribers.peers.size()) continue;
      busbar_selector* selector = nullptr;
      if (busbar_selector_parse(endpoint_, text.c_str(), BUSBAR_MULTICAST, &selector) == BUSBAR_OK)
        made->emplace_back(selector);
      text.clear();
    }
    subscribers.prepared = std::move(made);
  }
  busbar_outgoing message{};
  message.size = sizeof message;
  // A slow subscriber must hold up neither the server nor the others.
  message.when_full = BUSBAR_WHEN_FULL_DROP;
  message.type = type;
  message.format = format;
  message.payload = body.payload.data();
  message.payload_bytes = body.payload.size();
  message.key = key;
  for (const busbar::Selector& selector : *static_cast<Selectors*>(subscribers.prepared.get())) {
    (void)busbar_endpoint_send(endpoint_, selector.get(), &message, nullptr);
  }
}

}  // namespace busbar::rpc::detail
