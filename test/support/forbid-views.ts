// Import this first to run a file's tests and their programs as in Electron, without views of
// shared memory.
process.env.BUSBAR_EXTERNAL_BUFFERS = 'forbid';
