import { defineInterface, type Infer, t } from 'busbar/interface';

export const Mode = t.enum('Mode', ['comfort', 'eco', 'frost-guard']);
export type Mode = Infer<typeof Mode>;

/** A measurement. */
export const Sample = t.struct('Sample', { at: t.time, celsius: t.f64 });
export type Sample = Infer<typeof Sample>;

/** Keeps one room warm. */
export const Heating = defineInterface('com.example.heating', '1.0', {
  methods: {
    /** Sets the temperature to reach. Returns whether the heating is on now. */
    setTarget: {
      args: { celsius: t.f64, mode: t.optional(Mode, 'comfort') },
      returns: t.bool,
      errors: { OutOfRange: { min: t.f64, max: t.f64 } },
      idempotent: true,
    },
    /** The last measurements, oldest first. */
    history: { args: { count: t.u32 }, stream: Sample },
    /** Compares with another thermometer. Returns the mean deviation. */
    calibrate: { returns: t.f64, input: Sample },
  },
  properties: {
    /** The temperature to reach. */
    target: { type: t.f64, access: 'read-write' },
  },
  signals: {
    overheated: { celsius: t.f64 },
  },
});
