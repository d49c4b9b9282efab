// What the processes of the app offer each other: one file, which all of them import.
import { defineInterface, t } from 'busbar/interface';

const picture = { number: t.u53, offset: t.u53, width: t.u16, height: t.u16 };

/** Offered by the painter, a utility process, to the main process, over the bus. */
export const Painter = defineInterface('com.example.painter', '1.0', {
  methods: {
    /** The newest picture, whenever there is another one and its reader has room. */
    pictures: { stream: { ...picture, pixels: t.region } },
  },
  properties: { step: { type: t.u16, access: 'read-write' } },
});

/** Offered by the main process to each page, over a message port: all that a page can do. */
export const Desk = defineInterface('com.example.desk', '1.0', {
  methods: {
    pictures: { stream: { ...picture, pixels: t.bytes } },
    setSpeed: { args: { step: t.u16 } },
    /** Greets the other pages; returns how many there are. */
    greet: { args: { text: t.string }, returns: t.u32 },
  },
  signals: { greeted: { text: t.string } },
});
