// The interface of heating.busbar.yaml, written by hand. heating.ts beside it was generated.
import { defineInterface, t } from 'busbar/interface';

const Mode = t.enum('Mode', ['comfort', 'eco', 'frost-guard']);
const Sample = t.struct('Sample', { at: t.time, celsius: t.f64 }, 'A measurement.');

/** Keeps one room warm. */
export const Heating = defineInterface('com.example.heating', '1.0', {
  methods: {
    setTarget: {
      args: { celsius: t.f64, mode: t.optional(Mode, 'comfort') },
      returns: t.bool,
      errors: { OutOfRange: { min: t.f64, max: t.f64 } },
      idempotent: true,
    },
    history: { args: { count: t.u32 }, stream: Sample },
    calibrate: { input: Sample, returns: t.f64 },
  },
  properties: { target: { type: t.f64, access: 'read-write' } },
  signals: { overheated: { celsius: t.f64 } },
});
