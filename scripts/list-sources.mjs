// Prints this system's C++ sources of the folders given, one a line, for binding.gyp.
import { listNativeSources } from './project.mjs';

for (const source of listNativeSources(process.argv.slice(2))) console.log(source);
