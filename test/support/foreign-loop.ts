// Imported first by tests that are to run as where there is no libuv.
process.env.BUSBAR_EVENT_LOOP = 'foreign';
