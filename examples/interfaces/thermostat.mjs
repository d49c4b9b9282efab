// An interface: what a server offers and a client uses. Both sides import this value.
import { defineInterface, t } from 'busbar/interface';

export const Thermostat = defineInterface('com.example.thermostat', '1.0', {
  methods: {
    setTarget: {
      args: { celsius: t.f64 },
      returns: t.bool,
      errors: { OutOfRange: { min: t.f64, max: t.f64 } },
      idempotent: true,
    },
    hold: { args: { minutes: t.f64 } },
    history: { args: { count: t.u32 }, stream: { minute: t.u32, celsius: t.f64 } },
    import: { input: t.f64, returns: t.f64 },
  },
  properties: { target: { type: t.f64, access: 'read-write' } },
  signals: { overheated: { celsius: t.f64 } },
});
