// Imported first, it lets this file's tests and their programs run as in Electron.
process.env.BUSBAR_EXTERNAL_BUFFERS = 'forbid';
