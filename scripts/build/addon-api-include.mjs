// Prints the folder of node-addon-api's headers, for binding.gyp.
import { dirname } from 'node:path';
import { installed } from '../lib/project.mjs';

console.log(dirname(installed('node-addon-api/napi.h')));
