#!/usr/bin/env python3
"""The program of echo.c in Python, through ctypes: echo.py <library> <bus> <label>."""
import ctypes as c
import os
import sys

library, bus, label = sys.argv[1:]
busbar = c.CDLL(library)
busbar.busbar_status_string.restype = c.c_char_p
busbar.busbar_endpoint_id.restype = c.c_uint64
busbar.busbar_region_map.restype = c.c_void_p
busbar.busbar_region_bytes.restype = c.c_uint64


class Uuid(c.Structure):
    _fields_ = [("bytes", c.c_uint8 * 16)]


class Span(c.Structure):
    _fields_ = [("data", c.c_void_p), ("bytes", c.c_size_t)]


class JoinOptions(c.Structure):
    # The rest has its defaults: a program may know less of a struct than the library.
    _fields_ = [
        ("size", c.c_size_t),
        ("label", c.POINTER(c.c_char_p)),
        ("label_count", c.c_size_t),
    ]


class RegionRange(c.Structure):
    _fields_ = [("region", c.c_void_p), ("offset", c.c_uint64), ("bytes", c.c_uint64)]


class Outgoing(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("type", Uuid),
        ("format", c.c_uint16),
        ("corked", c.c_uint16),
        ("when_full", c.c_int32),
        ("payload", c.c_void_p),
        ("payload_bytes", c.c_size_t),
        ("ttl_ms", c.c_uint64),
        ("reply_to", c.c_uint64),
        ("key", c.c_char_p),
        ("objects", c.POINTER(c.c_ssize_t)),
        ("object_count", c.c_size_t),
        ("regions", c.POINTER(RegionRange)),
        ("region_count", c.c_size_t),
        ("object_kinds", c.POINTER(c.c_int32)),
        ("metadata", c.c_char_p),
        ("metadata_bytes", c.c_size_t),
    ]


class MessageInfo(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("type", Uuid),
        ("format", c.c_uint16),
        ("id", c.c_uint64),
        ("reply_to", c.c_uint64),
        ("from_id", c.c_uint64),
        ("from_pid", c.c_uint32),
        ("object_count", c.c_uint32),
        ("region_count", c.c_uint32),
        ("lost", c.c_uint32),
    ]


class ObserveOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("match", c.c_void_p),
        ("types", c.POINTER(Uuid)),
        ("type_count", c.c_size_t),
        ("payload_bytes", c.c_uint32),
    ]


class Observation(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("kind", c.c_int32),
        ("unicast", c.c_int32),
        ("time_ns", c.c_uint64),
        ("payload_bytes", c.c_uint64),
        ("lost", c.c_uint64),
        ("receiver_count", c.c_uint32),
        ("receivers_named", c.c_uint32),
        ("receivers", c.POINTER(c.c_uint64)),
    ]


busbar.busbar_message_borrow_payload.restype = Span
busbar.busbar_message_borrow_metadata.restype = Span
busbar.busbar_peer_list_count.restype = c.c_size_t
busbar.busbar_peer_list_borrow_label.restype = c.c_char_p


def check(status):
    if status != 0:
        raise RuntimeError(busbar.busbar_status_string(status).decode())


def content(span):
    return c.string_at(span.data, span.bytes) if span.bytes else b""


def reply(message, type, format, payload, objects=(), regions=(), metadata=b""):
    data = c.create_string_buffer(payload, len(payload))
    answer = Outgoing(size=c.sizeof(Outgoing), when_full=-1, type=type, format=format)
    answer.payload, answer.payload_bytes = c.addressof(data), len(payload)
    answer.objects, answer.object_count = (c.c_ssize_t * len(objects))(*objects), len(objects)
    answer.regions, answer.region_count = (RegionRange * len(regions))(*regions), len(regions)
    answer.metadata, answer.metadata_bytes = metadata, len(metadata)
    check(busbar.busbar_message_reply(message, c.byref(answer)))


def echo(message, info, payload):
    objects = [c.c_ssize_t() for _ in range(info.object_count)]
    for index, taken in enumerate(objects):
        check(busbar.busbar_message_take_object(message, c.c_size_t(index), c.byref(taken)))
    regions = [RegionRange() for _ in range(info.region_count)]
    for index, taken in enumerate(regions):
        region = c.c_void_p()
        check(
            busbar.busbar_message_take_region(
                message, c.c_size_t(index), c.byref(region), c.byref(taken)
            )
        )
    metadata = content(busbar.busbar_message_borrow_metadata(message))
    numbers = [taken.value for taken in objects]
    reply(message, info.type, info.format, payload, numbers, regions, metadata)
    for taken in objects:
        os.close(taken.value)
    for taken in regions:
        busbar.busbar_region_free(c.c_void_p(taken.region))


def make(message, info):
    region = c.c_void_p()
    check(busbar.busbar_region_create(c.c_uint64(1 << 16), 0, c.byref(region)))
    c.memmove(busbar.busbar_region_map(region), b"made in Python\0", 15)
    size = busbar.busbar_region_bytes(region)
    reply(message, info.type, 0, b"here it is", [0], [RegionRange(region.value, 0, size)])
    busbar.busbar_region_free(region)


def count(message, info):
    """Answers with the number of others on the bus, and the first label of one of them."""
    others, peers = c.c_void_p(), c.c_void_p()
    multicast_to_others = 1 | 2
    check(
        busbar.busbar_selector_parse(endpoint, b"true", multicast_to_others, c.byref(others))
    )
    check(busbar.busbar_endpoint_matching_peers(endpoint, others, c.byref(peers)))
    first = busbar.busbar_peer_list_borrow_label(peers, c.c_size_t(0), c.c_size_t(0))
    reply(message, info.type, 0, b"%d %s" % (busbar.busbar_peer_list_count(peers), first))
    busbar.busbar_peer_list_free(peers)
    busbar.busbar_selector_free(others)


def rename_itself(message, info):
    """Changes its label; answers when all see the new one."""
    renamed = (c.c_char_p * 2)(b"renamed", b"echo")
    check(busbar.busbar_endpoint_relabel(endpoint, renamed, c.c_size_t(2), c.c_int32(-1)))
    reply(message, info.type, 0, b"renamed")


def observe(message, info):
    """Observes its own answer, and says what the observer saw: the size of the payload, its
    beginning, its receiver, and the number of observers."""
    observer, seen, observers = c.c_void_p(), c.c_void_p(), c.c_void_p()
    wanted = ObserveOptions(c.sizeof(ObserveOptions), None, c.pointer(text), 1, 8)
    check(busbar.busbar_endpoint_observe(bus.encode(), None, c.byref(wanted), c.byref(observer)))
    reply(message, info.type, 0, b"observing")
    check(busbar.busbar_endpoint_receive(observer, -1, c.byref(seen)))
    observation = Observation(size=c.sizeof(Observation))
    check(busbar.busbar_message_get_observation(seen, c.byref(observation)))
    check(busbar.busbar_endpoint_list_observers(endpoint, c.byref(observers)))
    beginning = content(busbar.busbar_message_borrow_payload(seen))
    count = busbar.busbar_peer_list_count(observers)
    said = observation.payload_bytes, beginning, observation.receivers[0], count
    reply(message, info.type, 0, b"%d %s %d %d" % said)
    busbar.busbar_peer_list_free(observers)
    busbar.busbar_message_free(seen)
    check(busbar.busbar_endpoint_close(observer, 0, None))


text = Uuid()
check(busbar.busbar_uuid_parse(b"db3e773c-a534-517d-8f2f-59336324b95e", c.byref(text)))
labels = (c.c_char_p * 2)(label.encode(), b"echo")
options = JoinOptions(c.sizeof(JoinOptions), labels, 2)
endpoint = c.c_void_p()
check(busbar.busbar_endpoint_join(bus.encode(), c.byref(options), c.byref(endpoint)))
print(busbar.busbar_endpoint_id(endpoint), busbar.busbar_endpoint_is_controller(endpoint), flush=True)

while True:
    message = c.c_void_p()
    check(busbar.busbar_endpoint_receive(endpoint, -1, c.byref(message)))
    info = MessageInfo(size=c.sizeof(MessageInfo))
    check(busbar.busbar_message_get_info(message, c.byref(info)))
    payload = content(busbar.busbar_message_borrow_payload(message))
    said = payload if bytes(info.type.bytes) == bytes(text.bytes) else b""
    if said == b"leave":
        busbar.busbar_message_free(message)
        break
    if said == b"make":
        make(message, info)
    elif said == b"count":
        count(message, info)
    elif said == b"rename":
        rename_itself(message, info)
    elif said == b"observe":
        observe(message, info)
    else:
        echo(message, info, payload)
    busbar.busbar_message_free(message)
check(busbar.busbar_endpoint_close(endpoint, 1000, None))
