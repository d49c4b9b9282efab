// Import this first to run tests as in a runtime without libuv.
process.env.BUSBAR_EVENT_LOOP = 'foreign';
