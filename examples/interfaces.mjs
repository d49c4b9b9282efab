// An interface is a value: what a service offers, with the type of everything that passes. From it
// come checks of values, their form on the wire, a description, and a hash.
import { defineInterface, hashOf, memberTypeName, printYaml, shapesOf, t } from 'busbar/interface';

const Sample = t.struct('Sample', { at: t.time, celsius: t.f64 });

const Thermostat = defineInterface('com.example.thermostat', '1.2', {
  methods: {
    setTarget: {
      args: { celsius: t.f64, fade: t.optional(t.duration, 0) },
      returns: t.bool,
      errors: { OutOfRange: { min: t.f64, max: t.f64 } },
      idempotent: true,
    },
    history: { args: { since: t.time }, stream: Sample },
  },
  properties: { target: { type: t.f64, access: 'read-write' } },
  signals: { overheated: { celsius: t.f64 } },
});

// What a transport does with the arguments of a call: check and encode, decode and fill in.
const { args } = shapesOf(Thermostat).methods.get('setTarget');
const wire = args.encode({ celsius: 21, colour: 'red' });
console.log('sent:', wire, 'received:', args.decode(wire));
try {
  args.encode({ celsius: 'warm' });
} catch (error) {
  console.log(`${error.code}: ${error.message}`);
}

// Every schema is a Standard Schema and describes itself as JSON Schema.
const { issues } = Sample['~standard'].validate({ at: new Date(0) });
console.log(issues[0].path.join('.'), issues[0].message);
console.log(t.u8['~standard'].jsonSchema.input({ target: 'draft-2020-12' }));

console.log(memberTypeName(Thermostat, 'setTarget'), hashOf(Thermostat).slice(0, 8));
console.log(printYaml(Thermostat));
