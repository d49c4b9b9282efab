// The interface that the conformance list uses. A program in another language serves the same one.
import { defineInterface, t } from 'busbar/interface';

export const Conformance = defineInterface('com.example.conformance', '1.0', {
  methods: {
    add: { args: { a: t.f64, b: t.f64 }, returns: t.f64, idempotent: true },
    echo: { args: { value: t.any }, returns: t.any, idempotent: true },
    optional: { args: { n: t.optional(t.u32, 7) }, returns: t.u32 },
    nothing: {},
    name: { returns: t.string, idempotent: true },
    fail: {
      args: { how: t.string },
      returns: t.bool,
      errors: { TooBig: { limit: t.u32 } },
    },
    wrongResult: { returns: t.u32 },
    /** Tells that it began, and returns when it is told to, or when its signal aborts. */
    hold: { args: { key: t.string }, returns: t.string },
    holdAgain: { args: { key: t.string }, returns: t.string, idempotent: true },
    /** Never returns, and does not look at its signal. */
    stubborn: {},
    timeLeft: { returns: t.f64 },
    attempt: { returns: t.u32 },
    caller: { returns: t.struct({ id: t.f64, pid: t.f64 }) },
    nested: { args: { how: t.string }, returns: t.string },
    big: { args: { size: t.u32 }, returns: t.bytes },
    numbers: { args: { count: t.u32 }, stream: t.u32 },
    numbersThenFail: { args: { count: t.u32 }, stream: t.u32, errors: { Ended: { at: t.u32 } } },
    chunks: { args: { count: t.u32, size: t.u32 }, stream: t.bytes },
    numbersThenWait: { args: { count: t.u32 }, stream: t.u32 },
    wrongItems: { stream: t.u32 },
    counted: { args: { count: t.u32 }, stream: t.u32, returns: t.string },
    sum: { input: t.u32, returns: t.f64 },
    sumSome: { args: { count: t.u32 }, input: t.u32, returns: t.f64 },
    double: { input: t.u32, stream: t.u32 },
    emitTick: { args: { n: t.u32 } },
    putLevel: { args: { value: t.u32 } },
    region: { args: { size: t.u32 }, returns: t.region },
    weigh: { args: { region: t.region, keep: t.bool }, returns: t.u32 },
    regions: { args: { count: t.u32 }, stream: t.struct({ region: t.region }) },
    object: { returns: t.object },
    holdings: { returns: t.u32 },
  },
  properties: {
    level: { type: t.u32, access: 'read-write' },
    title: { type: t.string },
  },
  signals: { tick: { n: t.u32 } },
});

/** The same with a method that no server has: a client of a newer minor version. */
export const Newer = defineInterface('com.example.conformance', '1.7', {
  methods: { later: { returns: t.bool }, name: { returns: t.string } },
});

/** Another major version, which is another interface. */
export const Other = defineInterface('com.example.conformance', '2.0', {
  methods: { name: { returns: t.string } },
});

/** What the server calls on behalf of its callers. */
export const Backend = defineInterface('com.example.backend', '1.0', {
  methods: { wait: { returns: t.string }, timeLeft: { returns: t.f64 } },
});
