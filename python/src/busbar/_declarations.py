"""The part of busbar.h that the package uses, as ctypes has it. A test compares every number,
structure and function with the header."""

from __future__ import annotations

import ctypes as c
from typing import Any

ABI_VERSION = 1

OK = 0
WOULD_BLOCK = 25
NOT_HANDLED = 30

UNICAST = 0
MULTICAST = 1
EXCLUDE_SELF = 2

TAKEN = 1
HANDLED = 2

WHEN_FULL_REFUSE = 0
WHEN_FULL_DROP = 1
WHEN_FULL_DISCONNECT = 2

REGION_READ_ONLY = 1

OBJECT_DESCRIPTOR = 0
OBJECT_UNUSABLE = 3

EVENT_CONTROLLER = 1
EVENT_UNDELIVERED = 2
EVENT_DROPPED = 3
EVENT_DISCONNECTED = 4
EVENT_VIOLATION = 5
EVENT_DRAINED = 6
EVENT_ROOM = 7
EVENT_PEER_JOINED = 8
EVENT_PEER_LEFT = 9
EVENT_DELIVERY_FAILED = 10
EVENT_DELIVERED = 11
EVENT_PEER_RELABELLED = 12
EVENT_PEER_ENDED = 13

Bytes16 = c.c_uint8 * 16


class Failure(c.Structure):
    """busbar_failure"""

    _fields_ = [
        ("status", c.c_int32),
        ("os_code", c.c_int32),
        ("call", c.c_char_p),
        ("path", c.c_char_p),
        ("advice", c.c_char_p),
    ]


class Uuid(c.Structure):
    """busbar_uuid"""

    _fields_ = [("bytes", Bytes16)]


class Span(c.Structure):
    """busbar_span"""

    _fields_ = [("data", c.c_void_p), ("bytes", c.c_size_t)]


class Event(c.Structure):
    """busbar_event"""

    _fields_ = [
        ("size", c.c_size_t),
        ("kind", c.c_int32),
        ("status", c.c_int32),
        ("peer_id", c.c_uint64),
        ("count", c.c_uint64),
        ("message_id", c.c_uint64),
        ("type", Uuid),
        ("format", c.c_uint16),
        ("payload", Span),
        ("metadata", Span),
    ]


EventCallback = c.CFUNCTYPE(None, c.c_void_p, c.POINTER(Event))
LogCallback = c.CFUNCTYPE(None, c.c_void_p, c.c_int32, c.c_char_p)


class JoinOptions(c.Structure):
    """busbar_join_options"""

    _fields_ = [
        ("size", c.c_size_t),
        ("label", c.POINTER(c.c_char_p)),
        ("label_count", c.c_size_t),
        ("token", c.c_char_p),
        ("timeout_ms", c.c_uint32),
        ("no_controller_affinity", c.c_int32),
        ("when_full", c.c_int32),
        ("spin_us", c.c_uint32),
        ("ring_bytes", c.c_uint64),
        ("queue_bytes", c.c_uint64),
        ("total_queue_bytes", c.c_uint64),
        ("max_message_bytes", c.c_uint64),
        ("on_event", EventCallback),
        ("on_log", LogCallback),
        ("context", c.c_void_p),
        ("max_queued_objects", c.c_uint64),
        ("max_parked", c.c_uint64),
        ("max_links", c.c_uint64),
        ("max_endpoints", c.c_uint64),
        ("max_endpoints_per_process", c.c_uint64),
        ("unobservable", c.c_int32),
    ]


class Counters(c.Structure):
    """busbar_counters"""

    _fields_ = [
        ("size", c.c_size_t),
        ("sent_messages", c.c_uint64),
        ("sent_bytes", c.c_uint64),
        ("received_messages", c.c_uint64),
        ("received_bytes", c.c_uint64),
        ("rerouted", c.c_uint64),
        ("undelivered", c.c_uint64),
        ("expired", c.c_uint64),
        ("queue_full", c.c_uint64),
        ("dropped", c.c_uint64),
        ("superseded", c.c_uint64),
        ("disconnected", c.c_uint64),
        ("outbound_links", c.c_uint64),
        ("inbound_links", c.c_uint64),
        ("parked", c.c_uint64),
    ]


class RegionRange(c.Structure):
    """busbar_region_range"""

    _fields_ = [("region", c.c_void_p), ("offset", c.c_uint64), ("bytes", c.c_uint64)]


class Outgoing(c.Structure):
    """busbar_outgoing"""

    _fields_ = [
        ("size", c.c_size_t),
        ("type", Uuid),
        ("format", c.c_uint16),
        ("corked", c.c_uint16),
        ("when_full", c.c_int32),
        # So that bytes can be assigned without a copy.
        ("payload", c.c_char_p),
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


class Receipt(c.Structure):
    """busbar_receipt"""

    _fields_ = [
        ("size", c.c_size_t),
        ("id", c.c_uint64),
        ("peer_id", c.c_uint64),
        ("receivers", c.c_uint32),
    ]


class MessageInfo(c.Structure):
    """busbar_message_info"""

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
        ("payload", Span),
        ("metadata", Span),
        ("awaited", c.c_uint32),
    ]


class RegistryOptions(c.Structure):
    """busbar_registry_options"""

    _fields_ = [
        ("size", c.c_size_t),
        ("max_bytes", c.c_uint64),
        ("idle_ms", c.c_uint32),
        ("region_flags", c.c_uint32),
    ]


class RegistryStats(c.Structure):
    """busbar_registry_stats"""

    _fields_ = [
        ("size", c.c_size_t),
        ("regions", c.c_uint64),
        ("bytes", c.c_uint64),
        ("in_use", c.c_uint64),
        ("created", c.c_uint64),
        ("reused", c.c_uint64),
    ]


FreeCallback = c.CFUNCTYPE(None, c.c_void_p)

_status = c.c_int32
_handle = c.c_void_p
_out_handle = c.POINTER(c.c_void_p)
_out_u32 = c.POINTER(c.c_uint32)
_out_u64 = c.POINTER(c.c_uint64)

# The result of each function, and its parameters.
FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "busbar_abi_version": (c.c_uint32,),
    "busbar_status_string": (c.c_char_p, _status),
    "busbar_status_name": (c.c_char_p, _status),
    "busbar_last_failure": (Failure,),
    "busbar_endpoint_join": (_status, c.c_char_p, c.POINTER(JoinOptions), _out_handle),
    "busbar_endpoint_close": (_status, _handle, c.c_uint32, _out_u64),
    "busbar_endpoint_relabel": (
        _status,
        _handle,
        c.POINTER(c.c_char_p),
        c.c_size_t,
        c.c_int32,
    ),
    "busbar_endpoint_id": (c.c_uint64, _handle),
    "busbar_endpoint_is_controller": (c.c_int32, _handle),
    "busbar_endpoint_controller_id": (c.c_uint64, _handle),
    "busbar_endpoint_counters": (_status, _handle, c.POINTER(Counters)),
    "busbar_expression_parse": (_status, c.c_char_p, _out_handle, c.POINTER(c.c_size_t)),
    "busbar_expression_free": (None, _handle),
    "busbar_selector_create": (_status, _handle, _handle, c.c_int32, _out_handle),
    "busbar_selector_free": (None, _handle),
    "busbar_endpoint_send": (_status, _handle, _handle, c.POINTER(Outgoing), _out_u32),
    "busbar_endpoint_send_with_receipt": (
        _status,
        _handle,
        _handle,
        c.POINTER(Outgoing),
        c.POINTER(Receipt),
    ),
    "busbar_endpoint_flush": (None, _handle),
    "busbar_endpoint_receive": (_status, _handle, c.c_int32, _out_handle),
    "busbar_endpoint_pollable": (c.c_ssize_t, _handle),
    "busbar_message_get_info": (_status, _handle, c.POINTER(MessageInfo)),
    "busbar_message_borrow_from_label": (c.c_char_p, _handle, c.c_size_t),
    "busbar_message_get_object_kind": (_status, _handle, c.c_size_t, c.POINTER(c.c_int32)),
    "busbar_message_take_object": (_status, _handle, c.c_size_t, c.POINTER(c.c_ssize_t)),
    "busbar_message_take_region": (
        _status,
        _handle,
        c.c_size_t,
        _out_handle,
        c.POINTER(RegionRange),
    ),
    "busbar_message_free": (None, _handle),
    "busbar_message_refuse": (_status, _handle, _status),
    "busbar_endpoint_dispatch": (_status, _handle),
    "busbar_endpoint_start_delivery": (
        _status,
        _handle,
        _handle,
        c.POINTER(Outgoing),
        c.c_int32,
        _out_u64,
        _out_u32,
    ),
    "busbar_endpoint_forget_delivery": (None, _handle, c.c_uint64),
    "busbar_endpoint_ask_drained": (None, _handle),
    "busbar_endpoint_watch_peers": (None, _handle, c.c_int32),
    "busbar_endpoint_list_peers": (_status, _handle, _out_handle),
    "busbar_endpoint_matching_peers": (_status, _handle, _handle, _out_handle),
    "busbar_endpoint_count_matches": (c.c_size_t, _handle, _handle),
    "busbar_peer_list_count": (c.c_size_t, _handle),
    "busbar_peer_list_id": (c.c_uint64, _handle, c.c_size_t),
    "busbar_peer_list_pid": (c.c_uint32, _handle, c.c_size_t),
    "busbar_peer_list_borrow_label": (c.c_char_p, _handle, c.c_size_t, c.c_size_t),
    "busbar_peer_list_free": (None, _handle),
    "busbar_region_create": (_status, c.c_uint64, c.c_uint32, _out_handle),
    "busbar_region_map": (c.c_void_p, _handle),
    "busbar_region_bytes": (c.c_uint64, _handle),
    "busbar_region_id": (c.c_uint64, _handle),
    "busbar_region_is_writable": (c.c_int32, _handle),
    "busbar_region_references": (c.c_uint64, _handle),
    "busbar_region_duplicate": (_status, _handle, _out_handle),
    "busbar_region_free": (None, _handle),
    "busbar_registry_create": (_status, c.POINTER(RegistryOptions), _out_handle),
    "busbar_registry_alloc": (
        _status,
        _handle,
        c.c_uint64,
        c.c_char_p,
        FreeCallback,
        c.c_void_p,
        _out_handle,
    ),
    "busbar_registry_maintain": (c.c_size_t, _handle),
    "busbar_registry_get_stats": (_status, _handle, c.POINTER(RegistryStats)),
    "busbar_registry_free": (None, _handle),
}
