// Prints the C++ sources of the folders given, one a line, for binding.gyp.
import { listFiles } from './project.mjs';

for (const source of listFiles(process.argv.slice(2), ['.cc'])) console.log(source);
